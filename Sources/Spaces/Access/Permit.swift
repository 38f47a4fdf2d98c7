package import ATProto
package import CapabilityGraph
package import Storage
package import UCAN

/// Shows that the gate let one operation through; nothing else can make one, and every effect takes one.
package struct Permit: Sendable {
    package let operation: Operation
    package let caller: Caller
    package let space: SpaceURI
    /// The graph's revision at which it was decided.
    package let revision: UInt32
    /// What the caveats on the way were held against.
    package let context: CheckContext
    private let ruling: Ruling
    private let gate: Gate

    // The only caller is the gate, whose rules the ruling comes from.
    fileprivate init(
        _ operation: Operation, _ caller: Caller, on space: SpaceURI, _ context: CheckContext, _ ruling: Ruling,
        _ gate: Gate, revision: UInt32
    ) {
        self.operation = operation
        self.caller = caller
        self.space = space
        self.context = ruling.context ?? context
        self.ruling = ruling
        self.gate = gate
        self.revision = revision
    }

    /// In whose name it happens: the account, the invoker, the credential's key, the delegating user.
    package var principal: DID { ruling.principal }
    /// What the graph answered to the question that decided, allowing it.
    package var decision: Decision { ruling.judgement.decision }
    /// Further questions that had to be allowed too.
    package var grounds: Grounds { ruling.grounds }
    /// True when the principal owns the space or is its authority.
    package var isOwner: Bool { ruling.isOwner }
    /// True when the principal was let through as one who manages the space, where others are let through too.
    package var manages: Bool { ruling.manages }
    /// True where nothing but what is open to everybody let it through, so that it shows no more than that; of itself everybody
    /// is told all.
    package var isOpen: Bool {
        if case .listMembers(of: principal) = operation { return false }
        return ruling.isOpen
    }
    /// True when the principal writes to its own repo and nothing lets it into the space, of which it is told nothing.
    package var isOwnAlone: Bool { ruling.isOwnAlone }

    /// Asks the same again inside the transaction that makes the change, so that nothing ended meanwhile still counts;
    /// gives the fresh permit. Throws what the gate would.
    package func confirmed(in change: TableChange) throws -> Permit {
        let view = GateView(graph: change.graph, tables: change, spaces: try change.spaces, era: nil)
        let ruling = try gate.rule(operation, caller, on: space, context, in: view, at: change.now)
        return Permit(operation, caller, on: space, context, ruling, gate, revision: change.graph.revision)
    }

    /// Tells whether one write is covered, for a `put` whose kind shows inside the transaction only.
    package func allows(_ action: WriteAction, collection: String) -> Bool {
        WriteItem(action, collection: collection).concrete.contains(where: ruling.writes.contains)
    }

    /// Throws `InsufficientScope` or `WriteNotAuthorized` unless one write is covered.
    package func require(_ action: WriteAction, collection: String) throws(AccessRefusal) {
        guard !allows(action, collection: collection) else { return }
        let isScoped = ruling.scopes?.allows(WriteItem(action, collection: collection).access(space)) ?? true
        throw isScoped ? .writeNotAuthorized : .insufficientScope
    }
}

/// Shows that the gate let an account do what concerns no one space.
package struct AccountPermit: Sendable {
    package let operation: AccountOperation
    package let caller: Caller
    package let principal: DID
    package let revision: UInt32
    private let scopes: SpaceScopes?
    private let gate: Gate

    fileprivate init(
        _ operation: AccountOperation, _ caller: Caller, _ ruling: Ruling, _ gate: Gate, revision: UInt32
    ) {
        self.gate = gate
        self.operation = operation
        self.caller = caller
        principal = ruling.principal
        scopes = ruling.scopes
        self.revision = revision
    }

    /// Throws `InsufficientScope` unless the app's scopes cover an access that shows only now.
    package func require(_ access: SpaceAccess) throws(AccessRefusal) {
        guard allows(access) else { throw .insufficientScope }
    }

    /// True unless the app's scopes do not cover an access.
    func allows(_ access: SpaceAccess) -> Bool { scopes?.allows(access) ?? true }

    /// Asks the same again inside the transaction that makes the change; throws what the gate would.
    func confirm(in change: TableChange) throws {
        _ = try gate.rule(operation, caller, in: change.graph, tables: change, at: change.now)
    }
}

/// What the gate says: it lets through, it refuses, or a managing application has to be asked first.
package enum GateAnswer: Sendable {
    case permit(Permit)
    case refuse(AccessRefusal)
    case ask(ManagingAppQuestion)
}

extension Gate {
    /// Judges an operation on a space. `word` is what a managing application said, which counts while the policy that
    /// names it is in force.
    func answer(
        _ operation: Operation, _ caller: Caller, on space: SpaceURI, _ word: ManagingAppWord? = nil, in view: GateView,
        at now: Timestamp
    ) throws -> GateAnswer {
        var context = CheckContext(client: caller.client)
        context.managingApp = word
        do {
            let ruling = try rule(operation, caller, on: space, context, in: view, at: now)
            return .permit(
                Permit(operation, caller, on: space, context, ruling, self, revision: view.graph.revision))
        } catch let refusal as AccessRefusal {
            guard word == nil, let user = caller.principal,
                let (app, access) = view.graph.managingApp(askedFor: refusal.decision),
                case .asked(access) = operation.row(on: try Space(space), for: caller).word
            else { return .refuse(refusal) }
            // For a write of nothing nobody is called.
            if case .write(_, let items) = operation, items.isEmpty { return .refuse(refusal) }
            return .ask(
                ManagingAppQuestion(
                    app: app, space: space, user: user, access: access,
                    clientID: access == .read ? caller.client : nil))
        }
    }

    /// Lets an operation on a space through, or throws its `AccessRefusal`.
    ///
    /// May wait for a managing application when the operation writes, mints a credential or brings news of a write; throws
    /// `RateLimitExceeded` when too many such questions wait for the caller, or for outsiders at its `network`.
    package func permit(
        _ operation: Operation, _ caller: Caller, on space: SpaceURI, from network: @autoclosure () -> String? = nil,
        at now: Timestamp
    ) throws -> Permit {
        let view = try LazyView(store, accounts)
        defer { view.close() }
        var answer = try answer(operation, caller, on: space, in: view.view, at: now)
        if case .ask(let question) = answer {
            let belonging = CheckQuestion(
                principal: question.user, ability: .spaceBelong, resource: Resource(space: try Space(space)))
            let isKnown =
                try view.view.isHosted(question.user, by: accounts)
                || view.view.graph.check(belonging, at: now).isAllowed
            view.close()
            let isAuthorized = try questions.run(for: question.user, from: isKnown ? nil : network()) {
                try managingApps.admits(question, at: now)
            }
            let word = ManagingAppWord(app: question.app, access: question.access, isAuthorized: isAuthorized)
            answer = try self.answer(operation, caller, on: space, word, in: view.view, at: now)
        }
        switch answer {
        case .permit(let permit): return permit
        case .refuse(let refusal): throw refusal
        case .ask: throw AccessRefusal.closed
        }
    }

    /// Lets an account do what concerns no one space, or throws its `AccessRefusal`.
    package func permit(
        account operation: AccountOperation, _ caller: Caller, at now: Timestamp
    ) throws -> AccountPermit {
        let graph = try store.freshSnapshot()
        let ruling = try store.read { try rule(operation, caller, in: graph, tables: $0, at: now) }
        return AccountPermit(operation, caller, ruling, self, revision: graph.revision)
    }
}
