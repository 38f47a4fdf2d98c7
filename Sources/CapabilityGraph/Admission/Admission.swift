import Multiformats
public import UCAN

/// Says how a space comes to be hosted here.
public enum HostingPolicy: String, Sendable {
    /// By an owner's `tinycloud.space/host` on `<space>/space`.
    case explicit
    /// By the owner's first statement or invocation that names the space.
    case open
}

/// What became of a statement that was offered.
public enum AdmissionOutcome: Sendable {
    case admitted(Admitted)
    /// The same bytes were admitted before; nothing changed.
    case existing(Snapshot.EdgeID)
    /// Another encoding of an admitted statement: known from now on under both ids, and still one edge.
    case twin(of: Snapshot.EdgeID, LogRecord)
    case refused(Refusal)
}

/// An edge that the open batch holds.
public struct Admitted: Sendable {
    public let edge: Snapshot.EdgeID
    public let record: LogRecord
    /// Spaces of the edge that are hosted here, and those that are not, as text in bytewise order.
    public let activated: [String]
    public let skipped: [String]
}

extension GraphWriter {
    /// Applies the admission rules to a verified statement and adds it to the open batch (tinycloud.md 7.2 to 7.6,
    /// ucan.md B.5). The clock is the caller's one reading.
    public func admit(
        _ statement: EdgeStatement, at now: Timestamp, hosting: HostingPolicy = .explicit,
        sender: any SenderAllowance = .anybody
    ) throws(GraphError) -> AdmissionOutcome {
        // Known bytes or a known statement: never a second grant, never a revival.
        if let known = working.edge(digest: statement.id.digest) { return .existing(Snapshot.EdgeID(raw: known)) }
        if let twin = graph.edge(statement: statement.statementID), working.isVisible(twin) {
            do throws(Refusal) { try count(sender) } catch { return .refused(error) }
            return .twin(of: Snapshot.EdgeID(raw: twin), try admitAlias(statement.id.digest, of: twin, at: now))
        }
        let parents: [UInt32]
        let supports: [[UInt32]?]
        do throws(Refusal) {
            try checkShape(statement, at: now)
            let implied = statement.proofs.isEmpty ? impliedProofs(of: statement, at: now) : []
            parents = try implied.isEmpty ? checkProofs(of: statement) : implied
            supports = try checkCoverage(of: statement, by: parents)
            try checkRoom(for: statement, hosting: hosting, sender: sender)
        } catch {
            return .refused(error)
        }
        return .admitted(try enter(statement, parents: parents, supports: supports, at: now, hosting: hosting))
    }

    // Step 1: what the statement says of itself.
    private func checkShape(_ statement: EdgeStatement, at now: Timestamp) throws(Refusal) {
        guard statement.capabilities.count <= graph.limits.maxCapabilities else {
            throw tooLarge("the delegation carries more than \(graph.limits.maxCapabilities) capabilities")
        }
        let bytes = statement.capabilities.reduce(0) { $0 + $1.resource.byteCount + $1.ability.text.utf8.count }
        guard bytes <= graph.limits.maxCapabilityBytes else {
            throw tooLarge(
                "the capabilities of the delegation, each with its resource, are more than "
                    + "\(graph.limits.maxCapabilityBytes) bytes")
        }
        guard statement.proofs.count <= graph.limits.maxProofs else {
            throw tooLarge("the delegation cites more than \(graph.limits.maxProofs) proofs")
        }
        if let expires = statement.expires, now >= expires {
            throw Refusal(.expired, "Delegation expired or not yet valid")
        }
        if let notBefore = statement.notBefore, now < notBefore {
            throw Refusal(.notYetValid, "Delegation expired or not yet valid")
        }
    }

    private func tooLarge(_ explanation: String) -> Refusal {
        Refusal(.limitExceeded, "delegation-chain-traversal-limit-exceeded", explanation)
    }

    // Steps 2 to 4: every cited proof is stored, made for the issuer, alive in its whole closure, and not terminal.
    private func checkProofs(of statement: EdgeStatement) throws(Refusal) -> [UInt32] {
        let view = working
        guard statement.needsProofs else { return try checkCitations(of: statement) }
        let parents = try storedProofs(of: statement)
        if parents.isEmpty { throw Refusal(.missingProof, "Cannot find parent delegation") }
        let issuer = view.principal(statement.issuer)
        let strange = parents.filter { graph.audience($0) != issuer }
        // Of a delegation that one has no part in, no more is said than of one that is not known (design law 9).
        if let hidden = strange.first(where: { !view.governs(statement.issuer, $0) }) {
            throw Self.unknownParent(view.multihash(hidden))
        }
        if let parent = strange.first {
            throw Refusal(
                .audienceMismatch, "Unauthorized Delegator: \(statement.issuer.text)", edge: view.multihash(parent))
        }
        for parent in parents where view.isEnded(parent) {
            throw Refusal(
                .parentRevoked, "delegation-parent-revoked: \(view.cidText(parent))", edge: view.multihash(parent))
        }
        var revoked: UInt32?
        let end = view.walkAbove(parents, alreadySeen: parents.count) { node in
            guard view.isEnded(node) else { return .continue }
            revoked = node
            return .stop
        }
        if let revoked {
            let parent = parents.first { view.isAbove(revoked, $0) } ?? parents[0]
            throw Refusal(
                .ancestorRevoked,
                "delegation-ancestor-revoked: ancestor=\(view.cidText(revoked)) parent=\(view.cidText(parent))",
                edge: view.multihash(revoked))
        }
        guard end == .finished else {
            throw Refusal(.chainLimitExceeded, "delegation-chain-traversal-limit-exceeded")
        }
        for parent in parents where graph.info[parent].flags.contains(.terminal) {
            throw Refusal(.terminalParent, "terminal-parent-cannot-redelegate", edge: view.multihash(parent))
        }
        return parents
    }

    /// The cited edges, each once, in signed order.
    private func storedProofs(of statement: EdgeStatement) throws(Refusal) -> [UInt32] {
        var parents: [UInt32] = []
        for proof in statement.proofs {
            guard let parent = working.edge(proof)?.raw else {
                throw Self.unknownParent(proof)
            }
            if !parents.contains(parent) { parents.append(parent) }
        }
        return parents
    }

    private static func unknownParent(_ name: Multihash) -> Refusal {
        Refusal(.missingProof, "Cannot find parent delegation", edge: name)
    }

    /// What is cited by a statement that needs no proof, its issuer controlling every resource (tinycloud.md 7.3).
    ///
    /// It is kept as cited and supports nothing, so neither its audience nor its window nor its state is asked for: any
    /// order of arrival gives the same graph. Nobody learns by a citation what became of other people's delegations
    /// (design law 9): what the issuer has no part in is answered as what is not known.
    private func checkCitations(of statement: EdgeStatement) throws(Refusal) -> [UInt32] {
        let view = working
        let cited = try storedProofs(of: statement)
        for parent in cited where !view.governs(statement.issuer, parent) {
            throw Self.unknownParent(view.multihash(parent))
        }
        guard view.walkAbove(cited, alreadySeen: cited.count, { _ in .continue }) == .finished else {
            throw Refusal(.chainLimitExceeded, "delegation-chain-traversal-limit-exceeded")
        }
        return cited
    }

    // Steps 5 and 6: windows nested, and every capability rooted or covered, caveats included.
    private func checkCoverage(
        of statement: EdgeStatement, by parents: [UInt32]
    ) throws(Refusal) -> [[UInt32]?] {
        let view = working
        guard statement.needsProofs else { return statement.capabilities.map { _ in nil } }
        var usable: [UInt32] = []
        var outsideWindow: [(parent: UInt32, refusal: Refusal)] = []
        for parent in parents {
            if let refusal = windowRefusal(of: statement, under: parent) {
                outsideWindow.append((parent, refusal))
            } else {
                usable.append(parent)
            }
        }
        if usable.isEmpty, let first = outsideWindow.first { throw first.refusal }

        var comparisons = 0
        var supportCount = 0
        // Each stored list is parsed once, however many capabilities are held against it.
        var parsed: [UInt32: Caveats] = [:]
        var result: [[UInt32]?] = []
        result.reserveCapacity(statement.capabilities.count)
        for capability in statement.capabilities {
            if capability.resource.rootAuthority == statement.issuer {
                result.append(nil)
                continue
            }
            let question = view.resolve(
                CheckQuestion(
                    principal: statement.issuer, ability: capability.ability, resource: capability.resource))
            var supports: [UInt32] = []
            var caveatFailure: CaveatFailure?
            for parent in usable {
                for number in view.capabilities(of: parent) {
                    comparisons += 1
                    let row = graph.capabilities[number]
                    guard
                        view.coversAbility(
                            held: row.ability, required: question.ability, requiredNumber: question.abilityNumber),
                        graph.resources.contains(row.resource, question)
                    else { continue }
                    // Caveats are compared by their text, so they weigh by its length.
                    if row.caveats != 0 { comparisons += graph.terms.bytes(row.caveats).count / 16 }
                    guard comparisons <= graph.limits.maxComparisons else { break }
                    if let failure = containmentFailure(of: capability.caveats, in: row, &parsed) {
                        caveatFailure = caveatFailure ?? failure
                    } else {
                        supports.append(number)
                    }
                }
                guard comparisons <= graph.limits.maxComparisons else {
                    throw tooLarge("the delegation needs too many comparisons with its proofs")
                }
            }
            if supports.isEmpty {
                if let caveatFailure {
                    throw Refusal(
                        .caveatsNotContained, "child-caveats-not-subset-of-parent: \(caveatFailure.text)")
                }
                // A proof that would cover it, were it not for its window, is what the issuer has to mend.
                if let refusal = outsideWindow.first(where: { covers($0.parent, question, &comparisons) })?.refusal {
                    throw refusal
                }
                throw Refusal(
                    .abilityNotCovered,
                    "Unauthorized Capability: \(capability.resource.text), \(capability.ability.text)")
            }
            supportCount += supports.count
            guard supportCount <= graph.limits.maxSupports else {
                throw tooLarge("the delegation rests on too many capabilities of its proofs")
            }
            result.append(supports)
        }
        return result
    }

    /// Why a statement's window does not lie in that of a proof; nil when it does.
    private func windowRefusal(of statement: EdgeStatement, under parent: UInt32) -> Refusal? {
        let window = graph.window(parent)
        if window.expires != .max, (statement.expires?.microseconds ?? .max) > window.expires {
            return Refusal(
                .expiryExceedsParent, "Child delegation expiry exceeds parent expiry", edge: working.multihash(parent))
        }
        if graph.info[parent].flags.contains(.hasNotBefore),
            (statement.notBefore?.microseconds ?? .min) < window.notBefore
        {
            return Refusal(
                .notBeforePrecedesParent, "Child delegation not_before precedes parent not_before",
                edge: working.multihash(parent))
        }
        return nil
    }

    /// True when a capability of the proof covers what is asked, caveats aside; false beyond the comparisons allowed.
    private func covers(_ parent: UInt32, _ question: ResolvedQuestion, _ comparisons: inout Int) -> Bool {
        let view = working
        for number in view.capabilities(of: parent) {
            comparisons += 1
            guard comparisons <= graph.limits.maxComparisons else { return false }
            let row = graph.capabilities[number]
            if view.coversAbility(
                held: row.ability, required: question.ability, requiredNumber: question.abilityNumber),
                graph.resources.contains(row.resource, question)
            {
                return true
            }
        }
        return false
    }

    private func containmentFailure(
        of child: Caveats, in row: CapabilityRow, _ parsed: inout [UInt32: Caveats]
    ) -> CaveatFailure? {
        if row.caveats == 0 { return Caveats.none.failure(containing: child, for: .delegation, graph.families) }
        if parsed[row.caveats] == nil {
            parsed[row.caveats] = try? Caveats(canonicalBytes: graph.terms.bytes(row.caveats))
        }
        guard let parent = parsed[row.caveats] else { return .malformed }
        return parent.failure(containing: child, for: .delegation, graph.families)
    }

    // Step 8: into the columns and the record, in one revision.
    private func enter(
        _ statement: EdgeStatement, parents: [UInt32], supports: [[UInt32]?], at now: Timestamp,
        hosting: HostingPolicy
    ) throws(GraphError) -> Admitted {
        let definitions = Definitions(graph)
        let revision = try nextRevision()
        var flags: EdgeInfo.Flags = []
        if statement.isTerminal { flags.insert(.terminal) }
        if statement.notBefore != nil { flags.insert(.hasNotBefore) }
        if statement.issuedAt != nil { flags.insert(.hasIssuedAt) }
        var draft = EdgeDraft(
            id: statement.id.digest, statement: statement.statementID, issuer: try intern(statement.issuer),
            audience: try intern(statement.audience), kind: statement.kind.code, flags: flags,
            notBefore: statement.notBefore?.microseconds ?? .min, expires: statement.expires?.microseconds ?? .max,
            issuedAt: statement.issuedAt?.microseconds ?? 0, proofs: parents, capabilities: [], hosted: [])
        var named: [UInt32] = []
        for (capability, support) in zip(statement.capabilities, supports) {
            let resource = try intern(capability.resource)
            draft.capabilities.append(
                EdgeDraft.DraftCapability(
                    resource: resource, ability: try intern(capability.ability),
                    caveats: try intern(capability.caveats), isRoot: support == nil, supports: support ?? []))
            let space = graph.resources.row(graph.resources.key(resource)).space
            guard space != 0 else { continue }
            if !named.contains(space - 1) { named.append(space - 1) }
            if support == nil, graph.spaces.hostedAt(space - 1) == 0, !draft.hosted.contains(space - 1),
                begins(capability, hosting)
            {
                draft.hosted.append(space - 1)
            }
        }
        let edge = try apply(draft, recordedAt: now.microseconds)
        var writer = RecordWriter()
        definitions.write(graph, into: &writer)
        draft.write(into: &writer)
        countUnhosted(edge, bytes: writer.bytes.count)
        let record = LogRecord(kind: .edge, revision: revision, recordedAt: now.microseconds, bytes: writer.bytes)
        let (activated, skipped) = split(named)
        return Admitted(
            edge: Snapshot.EdgeID(raw: edge), record: record, activated: activated, skipped: skipped)
    }

    private func split(_ spaces: [UInt32]) -> (hosted: [String], other: [String]) {
        var hosted: [String] = []
        var other: [String] = []
        for space in spaces {
            let text = graph.terms.text(graph.spaces.row(space).text)
            if graph.spaces.hostedAt(space) != 0 { hosted.append(text) } else { other.append(text) }
        }
        return (hosted.sorted(), other.sorted())
    }

    /// Moves a draft into the columns; used by admission and by replay alike.
    func apply(_ draft: EdgeDraft, recordedAt: Int64) throws(GraphError) -> UInt32 {
        let edge = try openEdge(draft, recordedAt: recordedAt)
        try setProofs(draft.proofs, of: edge)
        for item in draft.capabilities {
            try appendCapability(
                edge: edge, resource: item.resource, ability: item.ability, caveats: item.caveats,
                isRoot: item.isRoot, supports: item.supports)
        }
        closeEdge(edge)
        try enter(edge..<edge + 1)
        for space in draft.hosted { beginHosting(space) }
        return edge
    }

    private func admitAlias(_ id: Digest, of edge: UInt32, at now: Timestamp) throws(GraphError) -> LogRecord {
        let revision = try nextRevision()
        try appendAlias(id, of: edge)
        var writer = RecordWriter()
        writer.digest(id)
        writer.number(edge)
        return LogRecord(kind: .alias, revision: revision, recordedAt: now.microseconds, bytes: writer.bytes)
    }

    /// Hosts a space from now on; nil when it is hosted already.
    public func host(_ space: Space, at now: Timestamp) throws(GraphError) -> LogRecord? {
        let definitions = Definitions(graph)
        let number = try intern(space)
        guard graph.spaces.hostedAt(number) == 0 else { return nil }
        let revision = try nextRevision()
        beginHosting(number)
        var writer = RecordWriter()
        definitions.write(graph, into: &writer)
        writer.number(number)
        return LogRecord(kind: .hosting, revision: revision, recordedAt: now.microseconds, bytes: writer.bytes)
    }
}

extension Snapshot {
    func multihash(_ edge: UInt32) -> Multihash { Multihash(code: .blake3_256, digest: graph.ids[edge]) }

    func cidText(_ edge: UInt32) -> String { CID(codec: CID.rawCodec, hash: multihash(edge)).text }

    /// True when `ancestor` is in the closure above `edge`, or is the edge itself.
    func isAbove(_ ancestor: UInt32, _ edge: UInt32) -> Bool {
        walkClosure(of: edge) { $0 == ancestor ? .stop : .continue } == .stopped
    }
}
