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
    /// Reused by `enter`.
    var entries: [(key: EdgeLists.Key, edge: UInt32)] = []
    /// What the tables know of a log that is being replayed.
    @exclusivity(unchecked) var settled = Settled()
    private var mark = Mark()
    /// The newest revision given out, committed or not.
    @exclusivity(unchecked) public private(set) var revision: UInt32

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
            revision: revision, edges: graph.edgeCount, issueTimes: graph.issueTimes.count,
            capabilities: graph.capabilityCount, proofs: graph.proofCount,
            supports: graph.supportCount, aliases: graph.aliasCount)
        graph.terms.mark()
        graph.resources.mark()
        graph.lists.mark()
        generations = currentGenerations
        settled = Settled(graph)
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
        precondition(settled.isUpToDate, "a replay is ended by `commitReplay`")
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
            case .edgeID(let edge):
                if grew.0 == generations.0 { graph.edgesByID.removeNewest(edge, hash: graph.hash(graph.ids[edge])) }
            case .edgeStatement(let edge):
                if grew.1 == generations.1 {
                    graph.edgesByStatement.removeNewest(edge, hash: graph.hash(graph.statements[edge]))
                }
            case .edge(let edge):
                graph.setAdmitted(edge, at: 0)
                let info = graph.info[edge]
                let heads = graph.terms.heads.base
                heads[Int(graph.issuer(edge))].issued.store(info.olderOfIssuer, ordering: .releasing)
                heads[Int(graph.audience(edge))].received.store(info.olderOfAudience, ordering: .releasing)
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
                graph.setEnded(edge, at: 0)
                graph.endings.remove(edge)
            case .hosted(let space): graph.spaces.unhost(space)
            case .room(of: let owner, before: let row): graph.room[owner] = row
            }
        }
        graph.edgeCount = mark.edges
        graph.issueTimes.cut(to: mark.issueTimes)
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
        guard graph.edgeCount < graph.edges.capacity else { throw GraphError(.full, "the edge table is full") }
        let edge = UInt32(graph.edgeCount)
        graph.ids[edge] = draft.id
        graph.statements[edge] = StatementKey(draft.statement)
        let row = graph.edges.base + Int(edge)
        row.pointee.notBefore = draft.notBefore
        row.pointee.expires = draft.expires
        row.pointee.issuer = draft.issuer
        row.pointee.audience = draft.audience
        row.pointee.endedAt.store(0, ordering: .relaxed)
        graph.setAdmitted(edge, at: revision)
        graph.issueTimes.append(edge, draft.flags.contains(.hasIssuedAt) ? draft.issuedAt : nil)
        // Where its capabilities begin was written when the edge before was closed, and readers look at that.
        let info = graph.info.base + Int(edge)
        info.pointee.proof = 0
        info.pointee.proofCount = 0
        info.pointee.kind = draft.kind
        info.pointee.flags = draft.flags
        info.pointee.recordedAt = UInt32(clamping: recordedAt / 1_000_000)
        let heads = graph.terms.heads.base
        info.pointee.olderOfIssuer = heads[Int(draft.issuer)].issued.load(ordering: .relaxed)
        info.pointee.olderOfAudience = heads[Int(draft.audience)].received.load(ordering: .relaxed)
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
        let isMembership = graph.families.traits(code: graph.info[edge].kind).contains(.membership)
        graph.capabilities[number] = CapabilityRow(
            edge: edge, resource: graph.resources.key(resource), ability: ability, caveats: caveats, support: support,
            nextInGroup: CapabilityRow.notEntered, supportCount: UInt16(supports.count), isRoot: isRoot,
            policy: isMembership ? graph.registry.policy(of: graph.terms.registryIndex[ability]) : 0)
        graph.capabilityCount += 1
    }

    /// Ends the row of an edge, whose capabilities are all there; `enter` lets it be found.
    func closeEdge(_ edge: UInt32) {
        let graph = self.graph
        (graph.info.base + Int(edge + 1)).pointee.capabilityStart = UInt32(graph.capabilityCount)
        if graph.signsIn(edge) { graph.info.base[Int(edge)].flags.insert(.signsIn) }
        graph.edgeCount += 1
        let heads = graph.terms.heads.base
        heads[Int(graph.issuer(edge))].issued.store(edge + 1, ordering: .releasing)
        heads[Int(graph.audience(edge))].received.store(edge + 1, ordering: .releasing)
        journal.note(.edge(edge))
        if graph.edgeCount == Graph.largePagesFrom { graph.useLargePages() }
    }

    func endEdge(_ edge: UInt32, _ ending: Ending) {
        graph.endings.set(edge, ending)
        graph.setEnded(edge, at: revision)
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
