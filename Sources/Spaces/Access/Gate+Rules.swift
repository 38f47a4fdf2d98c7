import ATProto
import CapabilityGraph
import Storage
import UCAN

/// One question at the gate, with what every rule needs to answer it.
struct GateCase {
    let gate: Gate
    let caller: Caller
    let uri: SpaceURI
    /// The space as the graph names it.
    let space: Space
    let answer: ManagingAppAnswer?
    let view: GateView
    let now: Timestamp

    /// The caller in its own name; throws the refusal of callers that have none.
    func asker() throws(AccessRefusal) -> Asker {
        try Asker(caller, allowsAppPasswords: gate.allowsAppPasswords, in: view.graph, at: now)
    }

    /// The space, if it lives; throws what the caller may know of one that does not.
    func live(for asker: Asker) throws -> SpaceRecord {
        switch try view.standing(of: uri) {
        case .live(let record): return record
        case .deleted(let tombstone): throw wasIn(tombstone, asker) ? AccessRefusal.spaceDeleted : .spaceNotFound
        case .absent: throw AccessRefusal.spaceNotFound
        }
    }

    /// True for who stood in a deleted space before its deletion.
    func wasIn(_ tombstone: SpaceTombstone, _ asker: Asker) -> Bool {
        guard !tombstone.wasOpen, tombstone.owner != asker.principal else { return true }
        let then = Asker(asker.principal, in: view.graph.graph.snapshot(at: tombstone.revision), at: now)
        return then.may(.spaceBelong, space).isAllowed
    }

    /// True for who may know that the space is there: its members, and everybody where its policies are not a list.
    func isVisible(_ record: SpaceRecord, to asker: Asker) -> Bool {
        if record.settings.readPolicy != .memberList, !asker.isInvocation { return true }
        return asker.may(.spaceBelong, space).isAllowed || asker.may(.spaceDescribe, space).isAllowed
    }

    /// The refusal for who may know of the space, and the uniform one for everybody else.
    func refusal(
        _ refusal: AccessRefusal, _ record: SpaceRecord, _ asker: Asker, _ decision: Decision
    ) -> AccessRefusal {
        (isVisible(record, to: asker) ? refusal : .spaceNotFound).with(decision)
    }

    func ruling(_ asker: Asker, _ decision: Decision, _ record: SpaceRecord? = nil) -> Ruling {
        var ruling = Ruling(asker, decision)
        ruling.isOwner = record?.owner == asker.principal
        return ruling
    }

    /// True for a space under an authority whose spaces are all made here.
    func isUnderHostedAuthority() throws -> Bool {
        try gate.accounts.isHosted(space.owner) || gate.accounts.isServiceAuthority(space.owner)
    }

    /// Says whether a managing application admits a user, where a policy asks one; nil where none does.
    ///
    /// The answer of the application counts only while the policy that names it is in force. Throws the question when
    /// it was not put yet.
    func managed(
        _ policy: UserPolicy, _ user: Asker, _ access: ManagingAppQuestion.Access, clientID: String? = nil
    ) throws -> Decision? {
        guard case .managingApp(let app) = policy else { return nil }
        let ability: Ability = access == .read ? .spaceRead : .spaceWrite
        let decision = user.may(try SpaceEdges.principal(managingApp: app), ability, space)
        guard decision.isAllowed else { return decision }
        let question = ManagingAppQuestion(
            app: app, space: uri, user: user.principal, access: access, clientID: access == .read ? clientID : nil)
        guard let answer, answer.question == question else { throw question }
        return answer.isAllowed ? decision : .deny(Denial(cause: .noRoute, edge: nil))
    }
}

extension Gate {
    /// Applies the rule of an operation to one state; throws its `AccessRefusal`, or the question to a managing
    /// application that has to be answered first.
    func rule(
        _ operation: Operation, _ caller: Caller, on uri: SpaceURI, answer: ManagingAppAnswer?, in view: GateView,
        at now: Timestamp
    ) throws -> Ruling {
        let space: Space
        do throws(GraphError) {
            space = try Space(uri)
        } catch {
            // No space of such an authority can be here.
            throw AccessRefusal.spaceNotFound
        }
        let question = GateCase(
            gate: self, caller: caller, uri: uri, space: space, answer: answer, view: view, now: now)
        return switch operation {
        case .readRecords(let author): try question.readRecords(author)
        case .write(let author, let items): try question.write(author, items)
        case .deleteRepo(let author): try question.deleteRepo(author)
        case .createSpace: try question.createSpace()
        case .updateSpace, .manageMembers, .manageInvites, .manageCredentials:
            try question.manage(.spaceManageUpdate, .update)
        case .readConfig: try question.readConfig()
        case .deleteSpace: try question.deleteSpace()
        case .readSettings: try question.readSettings()
        case .listMembers(let member): try question.listMembers(member)
        case .readGraph(let principal): try question.readGraph(of: principal)
        case .endEdge(let edge): try question.endEdge(edge)
        case .listRepos: try question.listRepos()
        case .mintDelegation: try question.mintDelegation()
        case .prepareCredential: try question.prepareCredential()
        case .mintCredential: try question.mintCredential()
        case .registerNotify, .watch: try question.follow()
        case .notifyWrite(let writer): try question.notifyWrite(writer)
        case .notifyByAuthority: try question.notifyByAuthority()
        }
    }

    /// Applies the rule of an operation that concerns no one space.
    func rule(
        _ operation: AccountOperation, _ caller: Caller, in graph: Snapshot, tables: any TableReader, at now: Timestamp
    ) throws -> Ruling {
        let asker = try Asker(caller, allowsAppPasswords: allowsAppPasswords, in: graph, at: now)
        if case .uploadBlob = operation { try requireRoom(for: asker.principal, tables) }
        if case .listSpaces(let type, let authority) = operation {
            try asker.require(.listSpaces(type: type, authority: authority))
        }
        if case .uploadBlob(let type) = operation, case .account(_, _, .oauth(_, _, let blobs, _)) = caller {
            guard blobs.allows(type) else { throw AccessRefusal.insufficientScope }
        }
        guard case .invocation(let invocation) = caller else {
            return Ruling(asker, asker.session ?? Asker.control(asker.principal))
        }
        let decision = graph.decide(invocation, wanted: (.accountUse, .account(asker.principal)), at: now)
        guard decision.isAllowed else { throw AccessRefusal.notAccepted.with(decision) }
        return Ruling(asker, decision)
    }

    /// Keeps blobs of accounts of this host and of members of its spaces only: other names cost nothing to make.
    private func requireRoom(for principal: DID, _ tables: any TableReader) throws {
        if try accounts.isHosted(principal) { return }
        guard try tables.exists("SELECT 1 FROM space_member WHERE member = ?1", [.text(principal.text)]) else {
            throw AccessRefusal.noRepoHere
        }
    }
}
