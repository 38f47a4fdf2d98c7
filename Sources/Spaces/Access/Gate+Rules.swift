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
    /// What is known of the use beside who asks: the attested application, the managing application's word.
    let context: CheckContext
    let view: GateView
    let now: Timestamp

    /// The caller in its own name; throws the refusal of callers that have none.
    func asker() throws(AccessRefusal) -> Questioner {
        try Questioner(
            caller, allowsAppPasswords: gate.allowsAppPasswords, in: view.graph, at: now, context: context)
    }

    /// The space, if it lives; throws what the caller may know of one that does not.
    func live(for asker: Questioner) throws -> SpaceRecord {
        switch view.standing(of: uri) {
        case .live(let record): return record
        case .deleted(let tombstone): throw wasIn(tombstone, asker) ? AccessRefusal.spaceDeleted : .spaceNotFound
        case .absent: throw AccessRefusal.spaceNotFound
        }
    }

    /// True for who stood in a deleted space before its deletion.
    func wasIn(_ tombstone: SpaceTombstone, _ asker: Questioner) -> Bool {
        guard !tombstone.wasOpen, tombstone.owner != asker.principal else { return true }
        let then = Questioner(asker.principal, in: view.graph.asOf(tombstone.revision), at: now)
        return then.may(.spaceBelong, space).isAllowed
    }

    /// True for who may know that the space is there: its members, and everybody where its policies are not a list.
    func isVisible(_ record: SpaceRecord, to asker: Questioner) -> Bool {
        if record.settings.readPolicy != .memberList, !asker.isInvocation { return true }
        return asker.may(.spaceBelong, space).isAllowed || asker.may(.spaceDescribe, space).isAllowed
    }

    /// The refusal for who may know of the space, and the uniform one for everybody else.
    func refusal(
        _ refusal: AccessRefusal, _ record: SpaceRecord, _ asker: Questioner, _ decision: Decision
    ) -> AccessRefusal {
        (isVisible(record, to: asker) ? refusal : .spaceNotFound).with(decision)
    }

    func ruling(_ asker: Questioner, _ decision: Decision, _ record: SpaceRecord? = nil) -> Ruling {
        var ruling = Ruling(asker, decision)
        ruling.isOwner = record?.owner == asker.principal
        return ruling
    }

    /// True for a space under an authority whose spaces are all made here.
    func isUnderHostedAuthority() throws -> Bool {
        try gate.isUnderHostedAuthority(space)
    }
}

extension Gate {
    /// Applies the rule of an operation to one state; throws its `AccessRefusal`.
    func rule(
        _ operation: Operation, _ caller: Caller, on uri: SpaceURI, _ context: CheckContext, in view: GateView,
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
            gate: self, caller: caller, uri: uri, space: space, context: context, view: view, now: now)
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
        let asker = try Questioner(caller, allowsAppPasswords: allowsAppPasswords, in: graph, at: now)
        if case .uploadBlob = operation { try requireRoom(for: asker.principal, tables) }
        if case .listSpaces(let type, let authority) = operation {
            try asker.require(.listSpaces(type: type, authority: authority))
        }
        if case .uploadBlob(let type) = operation, case .account(_, _, .oauth(_, _, let blobs, _)) = caller {
            guard blobs.allows(type) else { throw AccessRefusal.insufficientScope }
        }
        guard case .invocation(let invocation) = caller else {
            return Ruling(asker, asker.session ?? asker.inOwnName())
        }
        let decision = graph.decide(invocation, wanted: (.accountUse, .account(asker.principal)), at: now)
        guard decision.isAllowed else { throw AccessRefusal.notAccepted.with(decision) }
        return Ruling(asker, decision)
    }

    /// Keeps blobs of accounts of this host and of members of its spaces only: other names cost nothing to make.
    private func requireRoom(for principal: DID, _ tables: any TableReader) throws {
        if try accounts.isHosted(principal) { return }
        guard try tables.exists(MemberTable.self, where: [MemberTable.member.is(principal.text)]) else {
            throw AccessRefusal.noRepoHere
        }
    }
}
