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

    /// Asks all that a row says; throws the refusal.
    func walk(_ row: OperationRow) throws -> Ruling {
        guard row.callers.contains(caller.kind) else {
            throw caller.kind == .anonymous ? AccessRefusal.signInNeeded : .notAccepted
        }
        switch caller {
        case .anonymous: return try anonymous(row.openly)
        case .credential: return try credential(row.credentials)
        case .account, .service, .invocation, .delegation: break
        }
        let asker = try asker()
        if let own = row.own, !own.isPersonal || own.author == asker.principal,
            try own.ability != .spaceDelete || hasRepo(own.author),
            let judgement = asker.own(own.author, own.ability, space)
        {
            try asker.require(SpaceAccess(uri, own.scope))
            return ruling(asker, judgement)
        }
        try asker.require(anyOf: row.scopes, in: uri)
        if let only = row.only, only.caller != asker.principal { throw only.otherwise }
        let record: SpaceRecord?
        // Asked of every space, so that one that is not there costs no more than one that is hidden.
        let mayBeElsewhere = try row.space == .hereOrElsewhere && !isUnderHostedAuthority()
        switch view.standing(of: uri) {
        case _ where row.space == .any: record = nil
        case .live(let found): record = found
        case .absent where mayBeElsewhere:
            return ruling(asker, asker.inOwnName())
        case .deleted(let tombstone) where row.space == .hereOrDeletedBefore && tombstone.owner == asker.principal:
            var result = ruling(asker, asker.inOwnName())
            result.isOwner = true
            return result
        case .deleted(let tombstone):
            if wasIn(tombstone, asker) { throw row.deleted }
            inStandIn { other, record in _ = try other.judge(row, asker, record) }
            throw row.absent
        case .absent:
            inStandIn { other, record in _ = try other.judge(row, asker, record) }
            throw row.absent
        }
        return try judge(row, asker, record)
    }

    /// Asks a space that is there in the place of one that is not, and forgets the answer: whether a space is there shows in
    /// the time no more than in the words (design law 9).
    func inStandIn(_ ask: (GateCase, SpaceRecord) throws -> Void) {
        guard let record = view.spaces.standIn, let space = try? Space(record.uri) else { return }
        let other = GateCase(
            gate: gate, caller: caller, uri: record.uri, space: space, context: context, view: view, now: now)
        try? ask(other, record)
    }

    /// Asks what a row says of a space that is there.
    private func judge(_ row: OperationRow, _ asker: Questioner, _ record: SpaceRecord?) throws -> Ruling {
        if let rule = row.rule { return try rule(self, asker, record) }
        let connect = row.connection == .attested ? try attested(asker) : nil
        var result = try right(row, asker, record)
        result.grounds.connect = connect
        if row.connection == .unattested { try requireConnected(&result, row, asker) }
        try row.completion?(self)
        return result
    }

    /// The first right of the row that the asker has.
    private func right(_ row: OperationRow, _ asker: Questioner, _ record: SpaceRecord?) throws -> Ruling {
        guard let rights = row.rights else { return ruling(asker, asker.inOwnName(), record) }
        var refused: Judgement?
        for ability in rights {
            let judgement = asker.may(ability, space, path: row.path)
            if judgement.isAllowed { return ruling(asker, judgement, record) }
            refused = judgement
        }
        let decision = refused?.decision
        if case .awaited(let access) = row.word, let ability = rights.last,
            let (app, asked) = view.graph.managingApp(askedFor: decision), asked == access
        {
            var context = context
            context.managingApp = ManagingAppWord(app: app, access: access, isAuthorized: true)
            let awaited = asker.may(ability, space, path: row.path, context)
            guard awaited.isAllowed else { throw refusal(row.refusal, asker, awaited.decision, orHidden: row.hidden) }
            var result = ruling(asker, awaited, record)
            result.context = context
            return result
        }
        throw refusal(row.refusal, asker, decision, orHidden: row.hidden)
    }

    /// The refusal for who may know of the space, and the uniform one for everybody else.
    func refusal(
        _ refusal: AccessRefusal, _ asker: Questioner, _ decision: Decision?,
        orHidden hidden: AccessRefusal = .spaceNotFound
    ) -> AccessRefusal {
        (isVisible(to: asker) ? refusal : hidden).with(decision)
    }

    /// True for who may know that the space is there.
    func isVisible(to asker: Questioner) -> Bool { asker.may(.spaceKnow, space).isAllowed }

    /// True for who stood in a deleted space before its deletion, not only knew of it as everybody could.
    private func wasIn(_ tombstone: SpaceTombstone, _ asker: Questioner) -> Bool {
        guard !tombstone.wasOpen, tombstone.owner != asker.principal else { return true }
        let then = Questioner(asker.principal, in: view.graph.asOf(tombstone.revision), at: now)
        return then.may(.spaceBelong, space).isAllowed
    }

    /// The caller in the name it acts in; throws the refusal of callers that have none.
    private func asker() throws(AccessRefusal) -> Questioner {
        guard case .delegation(let user, let claimed, _, _, _, _) = caller else {
            return try Questioner(
                caller, allowsAppPasswords: gate.allowsAppPasswords, in: view.graph, at: now, context: context)
        }
        guard claimed == uri else { throw .wrongDelegation }
        return Questioner(user, in: view.graph, at: now, context: context)
    }

    func ruling(_ asker: Questioner, _ judgement: Judgement, _ record: SpaceRecord? = nil) -> Ruling {
        var ruling = Ruling(asker, judgement)
        ruling.isOwner = record?.owner == asker.principal
        return ruling
    }

    /// What the settings open to everybody, by any of some abilities; all other spaces, and none, answer that signing in is
    /// needed.
    private func anonymous(_ abilities: [Ability]) throws -> Ruling {
        let asker = Questioner(.anyone, in: view.graph, at: now)
        guard case .live(let record) = view.standing(of: uri) else {
            inStandIn { other, _ in _ = abilities.map { asker.may($0, other.space) }.first?.decision }
            throw AccessRefusal.signInNeeded
        }
        let judgements = abilities.map { asker.may($0, space) }
        guard let found = judgements.first(where: \.isAllowed) else {
            throw AccessRefusal.signInNeeded.with(judgements.first?.decision)
        }
        return ruling(asker, found, record)
    }

    /// True where there is something of an author's own to take away.
    func hasRepo(_ author: DID) throws -> Bool {
        try RepoReader(view.tables).head(space: uri, author: author.text) != nil
    }

    /// True for a space under an authority whose spaces are all made here.
    func isUnderHostedAuthority() throws -> Bool { try gate.isUnderHostedAuthority(space, view) }
}

// MARK: applications

extension GateCase {
    /// Nothing attests the application of a session, so only a space open to all of them is read without a credential,
    /// unless everybody, signed in or not, may do the same: no application is kept from that.
    private func requireConnected(
        _ result: inout Ruling, _ row: OperationRow, _ asker: Questioner
    ) throws(AccessRefusal) {
        let connect = asker.may(.anyone, .spaceConnect, space)
        if connect.isAllowed {
            result.grounds.connect = connect
            return
        }
        for ability in row.openly {
            let openly = asker.may(.anyone, ability, space)
            guard openly.isAllowed else { continue }
            result.judgement = openly
            return
        }
        throw .appNotAuthorized.with(connect.decision)
    }

    /// The app policy, of the attested application or of any.
    private func attested(_ asker: Questioner) throws(AccessRefusal) -> Judgement {
        let client = caller.client.map { try? DID(application: $0) } ?? DID.anyone
        guard let client else { throw refusal(.appNotAuthorized, asker, nil) }
        let judgement = asker.may(client, .spaceConnect, space)
        guard judgement.isAllowed else { throw refusal(.appNotAuthorized, asker, judgement.decision) }
        return judgement
    }
}

extension Gate {
    /// Asks what the table says of an operation, of one state; throws its `AccessRefusal`.
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
        return try question.walk(operation.row(on: space, for: caller))
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
        return Ruling(asker, Judgement(decision, in: graph))
    }

    /// Keeps blobs of accounts of this host and of members of its spaces only: other names cost nothing to make.
    private func requireRoom(for principal: DID, _ tables: any TableReader) throws {
        if try accounts.isHosted(principal, in: tables, since: nil) { return }
        guard try tables.exists(MemberTable.self, where: [MemberTable.member.is(principal.text)]) else {
            throw AccessRefusal.noRepoHere
        }
    }
}
