import ATProto
import CapabilityGraph
import Multiformats
import UCAN

/// One caller before one state of the graph, able to put questions in its own name.
struct Asker {
    let graph: Snapshot
    let now: Timestamp
    let principal: DID
    /// The answer to whether the session acts for its account, where a session asks.
    let session: Decision?
    /// What bounds the app; nil when nothing does.
    let scopes: SpaceScopes?
    private let invocation: InvocationQuestion?

    /// Takes whoever may act in an own name; throws the refusal of everybody else.
    init(_ caller: Caller, allowsAppPasswords: Bool, in graph: Snapshot, at now: Timestamp) throws(AccessRefusal) {
        switch caller {
        case .anonymous: throw .signInNeeded
        case .credential, .delegation: throw .notAccepted
        case .service(let issuer, _, _, let session):
            guard let session else {
                self.init(issuer, in: graph, at: now)
                return
            }
            self.init(issuer, in: graph, at: now, session: try Self.live(session, of: issuer, in: graph, at: now))
        case .invocation(let question):
            self.init(question.invoker, in: graph, at: now, invocation: question)
        case .account(let account, let session, let grant):
            let decision = try Self.live(session, of: account, in: graph, at: now)
            switch grant {
            case .full: self.init(account, in: graph, at: now, session: decision)
            case .appPassword:
                guard allowsAppPasswords else { throw .insufficientScope }
                self.init(account, in: graph, at: now, session: decision)
            case .oauth(let scopes, _, _, _):
                self.init(account, in: graph, at: now, session: decision, scopes: SpaceScopes(scopes))
            }
        }
    }

    /// The answer that lets a session act for its account; throws for one that has ended.
    private static func live(
        _ session: DID, of account: DID, in graph: Snapshot, at now: Timestamp
    ) throws(AccessRefusal) -> Decision {
        let decision = graph.check(
            CheckQuestion(principal: session, ability: .accountUse, resource: .account(account)), at: now)
        guard decision.isAllowed else { throw .sessionEnded.with(decision) }
        return decision
    }

    /// Asks in the name of a principal whose identity is established otherwise.
    init(
        _ principal: DID, in graph: Snapshot, at now: Timestamp, session: Decision? = nil, scopes: SpaceScopes? = nil,
        invocation: InvocationQuestion? = nil
    ) {
        self.graph = graph
        self.now = now
        self.principal = principal
        self.session = session
        self.scopes = scopes
        self.invocation = invocation
    }

    /// Throws `InsufficientScope` unless the app's scopes cover an access.
    func require(_ access: SpaceAccess) throws(AccessRefusal) {
        guard scopes?.allows(access) ?? true else { throw .insufficientScope }
    }

    /// Asks the graph; an invocation must also name what it uses.
    func may(_ ability: Ability, _ space: Space, path: String? = nil) -> Decision {
        let resource = Resource.atproto(space: space, path: path)
        if let invocation { return graph.decide(invocation, wanted: (ability, resource), at: now) }
        return graph.check(CheckQuestion(principal: principal, ability: ability, resource: resource), at: now)
    }

    /// Asks for somebody else, such as everybody or an application.
    func may(_ other: DID, _ ability: Ability, _ space: Space) -> Decision {
        graph.check(
            CheckQuestion(principal: other, ability: ability, resource: .atproto(space: space, path: nil)), at: now)
    }

    /// The answer for what is the principal's own without any edge: its repo or one collection of it, its word.
    ///
    /// An invocation must name that too; nil when it does not, or when `author` is somebody else.
    func own(_ author: DID, _ ability: Ability, _ space: Space, collection: String? = nil) -> Decision? {
        let path = collection.map { "\(author.text)/\($0)" } ?? author.text
        guard let invocation else { return author == principal ? Self.control(author) : nil }
        guard names(ability, space, path: path) else { return nil }
        if author == principal, invocation.proofs.isEmpty { return Self.control(author) }
        let wanted = (ability, Resource.atproto(space: space, path: path))
        let decision = graph.decide(invocation, wanted: wanted, at: now)
        // What is one's own needs no proof, so one that does not serve takes nothing away.
        if author == principal { return decision.isAllowed ? decision : Self.control(author) }
        return delegators(decision).contains(author) ? decision : nil
    }

    /// True unless the caller is an invocation that does not name this use.
    func names(_ ability: Ability, _ space: Space, path: String?) -> Bool {
        guard let invocation else { return true }
        let resource = Resource.atproto(space: space, path: path)
        if case .success = graph.uses(invocation, of: ability, on: resource) { return true }
        return false
    }

    /// True for an invocation, which may do no more than it names.
    var isInvocation: Bool { invocation != nil }

    /// Says that a DID acts on what it controls.
    static func control(_ principal: DID) -> Decision {
        .allow(Allowance(route: [], rootAuthority: principal))
    }

    /// Who signed the delegations a decision rests on.
    private func delegators(_ decision: Decision) -> [DID] {
        guard case .allow(let allowance) = decision else { return [] }
        return allowance.route.compactMap { step in
            let view = graph.view(step.edge)
            return view.kind.isHostStatement ? nil : DID(trusted: view.issuer)
        }
    }
}
