public import Multiformats
public import UCAN

extension GraphWriter {
    /// Adds what this host states to the open batch. Its proofs must not have ended and must last at least as long, and
    /// each capability must be covered by a live one of theirs or, without proofs, be the issuer's own (design law 1).
    public func admit(_ statement: HostStatement, at now: Timestamp) throws(GraphError) -> HostAdmission {
        guard graph.families.kind(code: statement.kind.code) == statement.kind else {
            throw GraphError(.familiesMalformed, "`\(statement.kind.name)` is a kind of no family here")
        }
        let view = working
        let bytes = statement.bytes(at: now, in: view)
        let id = Multihash(code: .blake3_256, digest: BLAKE3.hash(bytes))
        guard view.edge(digest: id.digest) == nil else {
            return .refused(Refusal(.selfDelegation, "the statement was made before", edge: id))
        }
        var supports: [[UInt32]?] = []
        do throws(Refusal) {
            try checkProofs(of: statement, in: view, at: now)
            for capability in statement.capabilities {
                supports.append(try self.supports(of: capability, statement, in: view, at: now))
            }
        } catch {
            return .refused(error)
        }
        let definitions = Definitions(graph)
        let revision = try nextRevision()
        var flags: EdgeInfo.Flags = [.hasIssuedAt]
        if statement.notBefore != nil { flags.insert(.hasNotBefore) }
        var draft = EdgeDraft(
            id: id.digest, statement: id.digest, issuer: try intern(statement.issuer),
            audience: try intern(statement.audience), kind: statement.kind.code, flags: flags,
            notBefore: statement.notBefore?.microseconds ?? .min, expires: statement.expires?.microseconds ?? .max,
            issuedAt: now.microseconds, proofs: statement.proofs.map(\.raw), capabilities: [], hosted: [])
        for (capability, support) in zip(statement.capabilities, supports) {
            draft.capabilities.append(
                EdgeDraft.DraftCapability(
                    resource: try intern(capability.resource), ability: try intern(capability.ability),
                    caveats: try intern(capability.caveats), isRoot: support == nil, supports: support ?? []))
        }
        let edge = try apply(draft, recordedAt: now.microseconds)
        let actor = try statement.actor.map { did throws(GraphError) in try intern(did) } ?? 0
        var writer = RecordWriter()
        definitions.write(graph, into: &writer)
        draft.write(into: &writer)
        if let facts = statement.facts {
            writer.number(actor)
            writer.blob(CBOR.map(facts).encoded())
        }
        let record = LogRecord(
            kind: statement.facts == nil ? .edge : .statement, revision: revision, recordedAt: now.microseconds,
            bytes: writer.bytes)
        return .admitted(
            Admitted(edge: Snapshot.EdgeID(raw: edge), record: record, activated: [], skipped: []), id: id,
            bytes: bytes)
    }

    private func checkProofs(
        of statement: HostStatement, in view: Snapshot, at now: Timestamp
    ) throws(Refusal) {
        guard statement.capabilities.count <= graph.limits.maxCapabilities,
            statement.proofs.count <= max(graph.limits.maxProofs, HostStatement.maximumProofs)
        else { throw Refusal(.limitExceeded, "the statement is too large") }
        for proof in statement.proofs {
            guard view.isVisible(proof.raw) else { throw Refusal(.missingProof, "a proof is not known") }
            guard !view.isEnded(proof.raw), view.isInWindow(proof.raw, now.microseconds) else {
                throw Refusal(.parentRevoked, "a proof is not in force", edge: view.multihash(proof.raw))
            }
            let parent = graph.window(proof.raw)
            guard (statement.expires?.microseconds ?? .max) <= parent.expires else {
                throw Refusal(
                    .expiryExceedsParent, "the statement outlives its proof", edge: view.multihash(proof.raw))
            }
            guard (statement.notBefore?.microseconds ?? now.microseconds) >= parent.notBefore else {
                throw Refusal(
                    .notBeforePrecedesParent, "the statement begins before its proof",
                    edge: view.multihash(proof.raw))
            }
        }
    }

    /// The live capabilities a capability rests on; nil for one that is the issuer's own. Others of the same proof may
    /// have died meanwhile, as a member's right to write when only the policy of writing changed.
    private func supports(
        of capability: Capability, _ statement: HostStatement, in view: Snapshot, at now: Timestamp
    ) throws(Refusal) -> [UInt32]? {
        guard !statement.proofs.isEmpty else {
            guard capability.resource.rootAuthority == statement.issuer else {
                throw Refusal(
                    .abilityNotCovered, "`\(statement.issuer)` does not control `\(capability.resource)`")
            }
            return nil
        }
        let question = view.resolve(
            CheckQuestion(
                principal: statement.issuer, ability: capability.ability, resource: capability.resource,
                context: statement.met))
        var supports: [UInt32] = []
        var isDead = false
        var budget = graph.limits.maxCheckNodes
        for proof in statement.proofs {
            for number in view.capabilities(of: proof.raw) {
                let row = graph.capabilities[number]
                guard view.caveatFailure(row, question.use) == nil,
                    view.coversAbility(
                        held: row.ability, required: question.ability, requiredNumber: question.abilityNumber),
                    graph.resources.contains(row.resource, question)
                else { continue }
                guard view.searchRoute(from: number, at: now.microseconds, budget: &budget) == .live else {
                    isDead = true
                    continue
                }
                supports.append(number)
            }
        }
        guard !supports.isEmpty || !isDead else {
            throw Refusal(.parentRevoked, "no proof that covers `\(capability.ability)` is in force")
        }
        guard !supports.isEmpty, supports.count <= graph.limits.maxSupports else {
            throw Refusal(
                .abilityNotCovered, "no proof covers `\(capability.ability)` on `\(capability.resource)`")
        }
        return supports
    }

    /// Ends an edge: the only way there is. Nil when it had ended before.
    ///
    /// The bytes are the statement that ended it, kept under the hash that the ending names: the revocation somebody
    /// signed, else this host's own words.
    public func end(
        _ edge: Snapshot.EdgeID, _ end: EdgeEnd, at now: Timestamp
    ) throws(GraphError) -> (record: LogRecord, id: Digest, bytes: [UInt8])? {
        let view = working
        guard view.isVisible(edge.raw), !view.isEnded(edge.raw) else { return nil }
        let (id, bytes) = end.statement(of: view.cidText(edge.raw), at: now)
        let definitions = Definitions(graph)
        let revision = try nextRevision()
        let revoker = try intern(end.actor)
        endEdge(
            edge.raw,
            Ending(revoker: revoker, revocation: id, at: now.microseconds, isReplaced: end.isReplaced))
        var writer = RecordWriter()
        definitions.write(graph, into: &writer)
        writer.number(edge.raw)
        writer.number(revoker)
        writer.digest(id)
        writer.byte(end.isReplaced ? 1 : 0)
        let record = LogRecord(
            kind: .ending, revision: revision, recordedAt: now.microseconds, bytes: writer.bytes)
        return (record, id, bytes)
    }

    /// Adds a statement of this host that is no edge: what holds of a space, what another authority said.
    public func note(_ facts: CBORMap, at now: Timestamp) throws(GraphError) -> LogRecord {
        let revision = try nextRevision()
        var writer = RecordWriter()
        writer.blob(CBOR.map(facts).encoded())
        return LogRecord(kind: .note, revision: revision, recordedAt: now.microseconds, bytes: writer.bytes)
    }

    /// The live edges by which an issuer holds what it hands on without citing proofs: its membership of a
    /// space, whose edge no client can name before it asks (atproto-spaces.md 5).
    func impliedProofs(of statement: EdgeStatement, at now: Timestamp) -> [UInt32] {
        var proofs: [UInt32] = []
        let view = working
        for capability in statement.capabilities {
            guard capability.resource.space?.rules.contains(.impliesProofs) ?? false,
                capability.resource.rootAuthority != statement.issuer
            else { continue }
            let question = view.resolve(
                CheckQuestion(
                    principal: statement.issuer, ability: capability.ability, resource: capability.resource))
            // What is an author's own rests on nothing, and is not handed on.
            guard case .allowed(let number) = view.verdict(question.asked(by: question.principal), at: now) else {
                continue
            }
            let edge = graph.capabilities[number].edge
            // What anyone may in a space is handed on by who may know of the space.
            if let space = capability.resource.space, !view.isParty(statement.issuer, to: Snapshot.EdgeID(raw: edge)),
                !view.mayKnow(statement.issuer, of: space, at: now)
            {
                continue
            }
            if !proofs.contains(edge) { proofs.append(edge) }
        }
        return proofs
    }
}

extension Snapshot {
    /// True when every capability of an edge has a live route: what a credential is judged by, whose capabilities name
    /// everything it rests on (atproto-spaces.md 4.4, 5).
    public func isInForce(_ edge: EdgeID, at now: Timestamp) -> Bool {
        guard isVisible(edge.raw), !isEnded(edge.raw), isInWindow(edge.raw, now.microseconds) else { return false }
        var budget = graph.limits.maxCheckNodes
        for number in capabilities(of: edge.raw) {
            guard searchRoute(from: number, at: now.microseconds, budget: &budget) == .live else { return false }
        }
        return true
    }
}
