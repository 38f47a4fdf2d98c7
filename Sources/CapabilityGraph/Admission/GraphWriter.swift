import Multiformats
import Synchronization
import UCAN

/// Changes a graph: the only writer, used by one thread at a time.
///
/// Changes are made in batches. `begin`, any number of changes, then `commit` once they are durable, or `rollback`,
/// which leaves the graph exactly as it was. Readers see a batch only after `commit`.
public final class GraphWriter {
    public let graph: Graph
    let journal = Journal()
    /// Reused while a log is replayed.
    var scratch: [UInt32] = []
    private var mark = Mark()
    /// The newest revision given out, committed or not.
    public private(set) var revision: UInt32

    private struct Mark {
        var revision: UInt32 = 0
        var edges = 0
        var issueTimes = 0
        var capabilities = 0
        var proofs = 0
        var supports = 0
        var aliases = 0
    }

    public init(_ graph: Graph) {
        self.graph = graph
        revision = graph.revision
        begin()
    }

    /// The graph with all changes of the open batch.
    public var working: Snapshot { Snapshot(graph: graph, revision: revision) }

    public func begin() {
        journal.clear()
        mark = Mark(
            revision: revision, edges: graph.edgeCount, issueTimes: graph.issueTimeCount,
            capabilities: graph.capabilityCount, proofs: graph.proofCount,
            supports: graph.supportCount, aliases: graph.aliasCount)
        graph.terms.mark()
        graph.resources.mark()
        graph.lists.mark()
        generations = currentGenerations
    }

    /// Makes room for the edges of a log before it is replayed.
    public func reserve(edges: Int) throws(GraphError) {
        try graph.reserve(edges: edges)
        begin()
    }

    /// Refuses every later change; for a writer whose tables could not be restored.
    public func poison() { isPoisoned = true }

    private(set) var isPoisoned = false

    /// Makes the batch visible to readers and opens the next one.
    public func commit() {
        graph.publish(revision)
        begin()
    }

    private var generations = (0, 0, 0, 0)

    private var currentGenerations: (Int, Int, Int, Int) {
        (
            graph.edgesByID.generation, graph.edgesByStatement.generation, graph.aliasesByID.generation,
            graph.groups.generation
        )
    }

    /// Takes back every change since `begin`.
    public func rollback() throws(GraphError) {
        let grew = currentGenerations
        for change in journal.changes.reversed() {
            switch change {
            case .term(let id): graph.terms.removeNewest(id)
            case .resource(let id): graph.resources.removeNewest(id)
            case .resourceBase(let id): graph.resources.removeNewestBase(id)
            case .space(let id): graph.spaces.removeNewest(id)
            case .list(let id): graph.lists.removeNewest(id)
            case .listState(let list, let state): graph.lists.restore(list, state)
            case .edge(let edge):
                if grew.0 == generations.0 { graph.edgesByID.removeNewest(edge, hash: graph.hash(graph.ids[edge])) }
                if grew.1 == generations.1 {
                    graph.edgesByStatement.removeNewest(edge, hash: graph.hash(graph.statements[edge]))
                }
                graph.setAdmitted(edge, at: 0)
                let info = graph.info[edge]
                graph.terms.heads.base[Int(info.issuer)].issued.store(info.olderOfIssuer, ordering: .releasing)
                graph.terms.heads.base[Int(info.audience)].received.store(info.olderOfAudience, ordering: .releasing)
            case .capability(let number, let replaced):
                let hash = graph.groupHash(of: number)
                if let replaced {
                    graph.groups.replace(number, with: replaced, hash: hash)
                } else if grew.3 == generations.3 {
                    graph.groups.removeNewest(number, hash: hash)
                }
            case .alias(let alias):
                if grew.2 == generations.2 {
                    graph.aliasesByID.removeNewest(alias, hash: graph.hash(graph.aliases[alias].id))
                }
            case .ended(let edge):
                graph.endedAt.base[Int(edge)].store(0, ordering: .releasing)
                graph.endings.remove(edge)
            case .hosted(let space): graph.spaces.unhost(space)
            }
        }
        graph.edgeCount = mark.edges
        graph.issueTimeCount = mark.issueTimes
        graph.capabilityCount = mark.capabilities
        graph.proofCount = mark.proofs
        graph.supportCount = mark.supports
        graph.aliasCount = mark.aliases
        revision = mark.revision
        try rebuildGrownTables(grew)
        begin()
    }

    private func rebuildGrownTables(_ grew: (Int, Int, Int, Int)) throws(GraphError) {
        let graph = self.graph
        try graph.terms.finishUndo()
        try graph.resources.finishUndo()
        try graph.lists.finishUndo()
        if grew.0 != generations.0 {
            try graph.edgesByID.rebuild(keeping: { $0 < graph.edgeCount }) { graph.hash(graph.ids[$0]) }
        }
        if grew.1 != generations.1 {
            try graph.edgesByStatement.rebuild(keeping: { $0 < graph.edgeCount }) { graph.hash(graph.statements[$0]) }
        }
        if grew.2 != generations.2 {
            try graph.aliasesByID.rebuild(keeping: { $0 < graph.aliasCount }) { graph.hash(graph.aliases[$0].id) }
        }
        if grew.3 != generations.3 {
            try graph.groups.rebuild(keeping: { $0 < graph.capabilityCount }) { graph.groupHash(of: $0) }
        }
    }

    // MARK: columns

    func nextRevision() throws(GraphError) -> UInt32 {
        guard !isPoisoned else { throw GraphError(.outOfMemory, "the index lost its memory; restart the service") }
        guard revision < .max - 1 else { throw GraphError(.full, "the revision counter is exhausted") }
        revision += 1
        return revision
    }

    /// Sets the revision of the record being replayed; revisions rise but need not be dense.
    func adopt(_ next: UInt32) throws(GraphError) {
        guard next > revision else { throw GraphError(.malformedRecord, "revisions in the log do not rise") }
        revision = next
    }

    /// Opens a row for an edge; its capabilities and proofs are appended next and `closeEdge` ends it.
    func openEdge(_ draft: EdgeDraft, recordedAt: Int64) throws(GraphError) -> UInt32 {
        guard graph.edgeCount < graph.windows.capacity else { throw GraphError(.full, "the edge table is full") }
        let edge = UInt32(graph.edgeCount)
        graph.ids[edge] = draft.id
        graph.statements[edge] = StatementKey(draft.statement)
        let hot = graph.windows.base + Int(edge)
        hot.pointee.notBefore = draft.notBefore
        hot.pointee.expires = draft.expires
        graph.setAdmitted(edge, at: revision)
        graph.endedAt.base[Int(edge)].store(0, ordering: .relaxed)
        var issueTime: UInt32 = 0
        if draft.flags.contains(.hasIssuedAt) {
            issueTime = UInt32(graph.issueTimeCount)
            graph.issueTimes[issueTime] = draft.issuedAt
            graph.issueTimeCount += 1
        }
        graph.info[edge] = EdgeInfo(
            issuer: draft.issuer, audience: draft.audience, capabilityStart: UInt32(graph.capabilityCount),
            proof: 0, capabilityCount: 0, proofCount: 0, kind: draft.kind, flags: draft.flags,
            recordedAt: UInt32(clamping: recordedAt / 1_000_000), issueTime: issueTime,
            olderOfIssuer: graph.terms.heads.base[Int(draft.issuer)].issued.load(ordering: .relaxed),
            olderOfAudience: graph.terms.heads.base[Int(draft.audience)].received.load(ordering: .relaxed))
        return edge
    }

    /// Cites the proofs, one in the row itself and several as a run.
    func setProofs(_ proofs: [UInt32], of edge: UInt32) throws(GraphError) {
        let info = graph.info.base + Int(edge)
        info.pointee.proofCount = UInt16(proofs.count)
        guard proofs.count != 1 else {
            info.pointee.proof = proofs[0]
            return
        }
        guard graph.proofCount + proofs.count <= graph.proofs.capacity else {
            throw GraphError(.full, "the proof table is full")
        }
        info.pointee.proof = UInt32(graph.proofCount)
        for proof in proofs {
            graph.proofs[graph.proofCount] = proof
            graph.proofCount += 1
        }
    }

    func appendCapability(
        edge: UInt32, resource: UInt32, ability: UInt32, caveats: UInt32, isRoot: Bool, supports: [UInt32]
    ) throws(GraphError) {
        guard graph.capabilityCount < graph.capabilities.capacity,
            graph.supportCount + supports.count <= graph.supports.capacity
        else { throw GraphError(.full, "the capability table is full") }
        let number = UInt32(graph.capabilityCount)
        var support: UInt32 = 0
        if supports.count == 1 {
            support = supports[0]
        } else if !supports.isEmpty {
            support = UInt32(graph.supportCount)
            for item in supports {
                graph.supports[graph.supportCount] = item
                graph.supportCount += 1
            }
        }
        let audience = graph.info[edge].audience
        let hash = graph.resources.groupHash(audience: audience, resource: resource)
        let graph = self.graph
        let head = graph.groups.find(hash) { other in
            let row = graph.capabilities[other]
            return row.resource == resource && graph.info[row.edge].audience == audience
        }
        let isMembership = graph.families.traits(code: graph.info[edge].kind).contains(.membership)
        graph.capabilities[number] = CapabilityRow(
            edge: edge, resource: resource, ability: ability, caveats: caveats, support: support,
            nextInGroup: head.map { $0 + 1 } ?? 0, supportCount: UInt16(supports.count), isRoot: isRoot,
            policy: isMembership ? graph.registry.policy(of: graph.terms.registryIndex[ability]) : 0)
        graph.capabilityCount += 1
        graph.info.base[Int(edge)].capabilityCount += 1
        if let head {
            graph.groups.replace(head, with: number, hash: hash)
        } else {
            try graph.groups.insert(number, hash: hash) { graph.groupHash(of: $0) }
        }
        journal.note(.capability(number, replaced: head))
    }

    /// Enters the finished edge into the tables and lists.
    func closeEdge(_ edge: UInt32) throws(GraphError) {
        let graph = self.graph
        if graph.signsIn(edge) { graph.info.base[Int(edge)].flags.insert(.signsIn) }
        let info = graph.info[edge]
        graph.edgeCount += 1
        try graph.edgesByID.insert(edge, hash: graph.hash(graph.ids[edge])) { graph.hash(graph.ids[$0]) }
        try graph.edgesByStatement.insert(edge, hash: graph.hash(graph.statements[edge])) {
            graph.hash(graph.statements[$0])
        }
        journal.note(.edge(edge))
        graph.terms.heads.base[Int(info.issuer)].issued.store(edge + 1, ordering: .releasing)
        graph.terms.heads.base[Int(info.audience)].received.store(edge + 1, ordering: .releasing)
        if graph.edgeCount == 1 << 17 { graph.useLargePages() }
        if info.flags.contains(.signsIn) {
            try graph.lists.append(edge, to: EdgeLists.Key(.signIns, info.issuer), journal: journal)
        }
        var last: [UInt32] = []
        for number in working.capabilities(of: edge) {
            let space = graph.resources.row(graph.capabilities[number].resource).space
            guard space != 0, !last.contains(space) else { continue }
            last.append(space)
            try graph.lists.append(edge, to: EdgeLists.Key(.space, space - 1), journal: journal)
            try graph.lists.append(edge, to: EdgeLists.Key(.issuerInSpace, info.issuer, space - 1), journal: journal)
            try graph.lists.append(
                edge, to: EdgeLists.Key(.audienceInSpace, info.audience, space - 1), journal: journal)
            if graph.families.traits(code: info.kind).contains(.ownership) {
                try graph.lists.append(edge, to: EdgeLists.Key(.ownerships, space - 1), journal: journal)
            }
            if graph.families.isSpace(graph.terms.bytes(info.audience)) {
                try enter(edge, admittingMembersTo: space - 1)
            }
        }
    }

    /// Enters an edge whose audience is the members of a space: of another one, whom it admits, or of the space itself,
    /// where it says what the list of members may give.
    private func enter(_ edge: UInt32, admittingMembersTo space: UInt32) throws(GraphError) {
        guard working.memberSpace(of: edge) == space else {
            return try graph.lists.append(edge, to: EdgeLists.Key(.memberSpaces, space), journal: journal)
        }
        // What a membership gives has a policy above it because this host says so; no token of others can be one.
        guard graph.families.traits(code: graph.info[edge].kind).contains(.policy) else { return }
        for number in working.capabilities(of: edge) {
            let ability = graph.terms.registryIndex[graph.capabilities[number].ability]
            guard graph.registry.isPolicy(ability) else { continue }
            try graph.lists.append(
                edge, to: EdgeLists.Key(.policyInSpace, UInt32(ability), space), journal: journal)
        }
    }

    func endEdge(_ edge: UInt32, _ ending: Ending) {
        graph.endings.set(edge, ending)
        graph.endedAt.base[Int(edge)].store(revision, ordering: .releasing)
        journal.note(.ended(edge))
    }

    func appendAlias(_ id: Digest, of edge: UInt32) throws(GraphError) {
        let graph = self.graph
        guard graph.aliasCount < graph.aliases.capacity else { throw GraphError(.full, "the alias table is full") }
        let alias = UInt32(graph.aliasCount)
        graph.aliases[alias] = AliasRow(id: id, edge: edge, admittedAt: revision)
        graph.aliasCount += 1
        try graph.aliasesByID.insert(alias, hash: graph.hash(id)) { graph.hash(graph.aliases[$0].id) }
        journal.note(.alias(alias))
    }
}
