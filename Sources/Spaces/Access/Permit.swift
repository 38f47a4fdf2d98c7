package import ATProto
package import CapabilityGraph
package import Storage
package import UCAN

/// Shows that the gate let one operation through; nothing else can make one, and every effect takes one.
package struct Permit: Sendable {
    package let operation: Operation
    package let caller: Caller
    /// In whose name it happens: the account, the invoker, the credential's key, the delegating user.
    package let principal: DID
    package let space: SpaceURI
    /// What the graph answered to the question that decided, allowing it.
    package let decision: Decision
    /// Further questions that had to be allowed too, such as an application's right to connect.
    package let further: [Decision]
    /// The graph's revision at which it was decided.
    package let revision: UInt32
    /// True when the principal owns the space or is its authority.
    package let isOwner: Bool
    /// True when the principal was let through as one who manages the space, where others are let through too.
    package let manages: Bool
    /// True where nothing but what is open to everybody let it through, so that it shows no more than that.
    package let isOpen: Bool
    /// True when the principal writes to its own repo and nothing lets it into the space, of which it is told nothing.
    package let isOwnAlone: Bool
    /// The scopes that bound the operation; nil when none do.
    private let scopes: SpaceScopes?
    /// The single writes that are covered.
    private let writes: Set<WriteItem>
    private let gate: Gate
    /// What a managing application answered, where one was asked.
    private let answer: ManagingAppAnswer?

    // The only caller is the gate, whose rules these values come from.
    fileprivate init(_ pass: GatePass, _ gate: Gate, revision: UInt32) {
        operation = pass.operation
        caller = pass.caller
        space = pass.space
        principal = pass.ruling.principal
        decision = pass.ruling.decision
        further = pass.ruling.further
        isOwner = pass.ruling.isOwner
        manages = pass.ruling.manages
        isOpen = pass.ruling.isOpen
        isOwnAlone = pass.ruling.isOwnAlone
        scopes = pass.ruling.scopes
        writes = pass.ruling.writes
        answer = pass.answer
        self.revision = revision
        self.gate = gate
    }

    /// Asks the same again inside the transaction that makes the change, so that nothing ended meanwhile still counts;
    /// gives the fresh permit. Throws what the gate would.
    package func confirmed(in change: StoreTransaction) throws -> Permit {
        let view = GateView(graph: change.graph, tables: change)
        let pass = GatePass(
            operation: operation, caller: caller, space: space, answer: answer,
            ruling: try gate.rule(operation, caller, on: space, answer: answer, in: view, at: change.now))
        return Permit(pass, gate, revision: change.graph.revision)
    }

    /// Tells whether one write is covered, for a `put` whose kind shows inside the transaction only.
    package func allows(_ action: WriteAction, collection: String) -> Bool {
        WriteItem(action, collection: collection).concrete.contains(where: writes.contains)
    }

    /// Throws `InsufficientScope` or `WriteNotAuthorized` unless one write is covered.
    package func require(_ action: WriteAction, collection: String) throws(AccessRefusal) {
        guard !allows(action, collection: collection) else { return }
        let isScoped = scopes?.allows(WriteItem(action, collection: collection).access(space)) ?? true
        throw isScoped ? .writeNotAuthorized : .insufficientScope
    }
}

/// Shows that the gate let an account do what concerns no one space.
package struct AccountPermit: Sendable {
    package let operation: AccountOperation
    package let caller: Caller
    package let principal: DID
    package let decision: Decision
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
        decision = ruling.decision
        scopes = ruling.scopes
        self.revision = revision
    }

    /// Throws `InsufficientScope` unless the app's scopes cover an access that shows only now.
    package func require(_ access: SpaceAccess) throws(AccessRefusal) {
        guard scopes?.allows(access) ?? true else { throw .insufficientScope }
    }

    /// Asks the same again inside the transaction that makes the change; throws what the gate would.
    func confirm(in change: StoreTransaction) throws {
        _ = try gate.rule(operation, caller, in: change.graph, tables: change, at: change.now)
    }
}

/// What was asked and ruled, on its way to a permit.
struct GatePass {
    let operation: Operation
    let caller: Caller
    let space: SpaceURI
    let answer: ManagingAppAnswer?
    let ruling: Ruling
}

extension Gate {
    /// Lets an operation on a space through, or throws its `AccessRefusal`.
    ///
    /// May wait for a managing application when the operation writes, mints a credential or brings news of a write.
    package func permit(
        _ operation: Operation, _ caller: Caller, on space: SpaceURI, at now: Timestamp
    ) throws -> Permit {
        guard !isClosed else { throw AccessRefusal.closed }
        let view = LazyView(store)
        defer { view.close() }
        func pass(_ answer: ManagingAppAnswer?) throws -> Permit {
            let ruling = try rule(operation, caller, on: space, answer: answer, in: view.view, at: now)
            let pass = GatePass(operation: operation, caller: caller, space: space, answer: answer, ruling: ruling)
            return Permit(pass, self, revision: view.view.graph.revision)
        }
        do {
            return try pass(nil)
        } catch let question as ManagingAppQuestion {
            view.close()
            return try pass(ManagingAppAnswer(question, isAllowed: managingApps.admits(question, at: now)))
        }
    }

    /// Lets an account do what concerns no one space, or throws its `AccessRefusal`.
    package func permit(
        account operation: AccountOperation, _ caller: Caller, at now: Timestamp
    ) throws -> AccountPermit {
        guard !isClosed else { throw AccessRefusal.closed }
        let graph = store.graph.snapshot()
        let ruling = try store.read { try rule(operation, caller, in: graph, tables: $0, at: now) }
        return AccountPermit(operation, caller, ruling, self, revision: graph.revision)
    }
}
