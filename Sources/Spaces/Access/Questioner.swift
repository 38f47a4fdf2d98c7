import ATProto
import CapabilityGraph
import Multiformats
import UCAN

/// One caller before one state of the graph, able to put questions in its own name.
struct Questioner {
    let graph: Snapshot
    let now: Timestamp
    let principal: DID
    /// The answer to whether the session acts for its account, where a session asks.
    let session: Decision?
    /// What bounds the app; nil when nothing does.
    let scopes: SpaceScopes?
    /// What the operation tells of the use.
    let context: CheckContext
    private let invocation: InvocationQuestion?

    /// Takes whoever may act in an own name; throws the refusal of everybody else.
    init(
        _ caller: Caller, allowsAppPasswords: Bool, in graph: Snapshot, at now: Timestamp,
        context: CheckContext = CheckContext()
    ) throws(AccessRefusal) {
        switch caller {
        case .anonymous: throw .signInNeeded
        case .credential, .delegation: throw .notAccepted
        case .service(let issuer, _, _, let session):
            guard let session else {
                self.init(issuer, in: graph, at: now, context: context)
                return
            }
            self.init(
                issuer, in: graph, at: now, context: context,
                session: try Self.live(session, of: issuer, in: graph, at: now))
        case .invocation(let question):
            self.init(question.invoker, in: graph, at: now, context: context, invocation: question)
        case .account(let account, let session, let grant):
            let decision = try Self.live(session, of: account, in: graph, at: now)
            switch grant {
            case .full: self.init(account, in: graph, at: now, context: context, session: decision)
            case .appPassword:
                guard allowsAppPasswords else { throw .insufficientScope }
                self.init(account, in: graph, at: now, context: context, session: decision)
            case .oauth(let scopes, _, _, _):
                self.init(account, in: graph, at: now, context: context, session: decision, scopes: SpaceScopes(scopes))
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
        _ principal: DID, in graph: Snapshot, at now: Timestamp, context: CheckContext = CheckContext(),
        session: Decision? = nil, scopes: SpaceScopes? = nil, invocation: InvocationQuestion? = nil
    ) {
        self.graph = graph
        self.now = now
        self.principal = principal
        self.session = session
        self.scopes = scopes
        self.context = context
        self.invocation = invocation
    }

    /// Throws `InsufficientScope` unless the app's scopes cover an access.
    func require(_ access: SpaceAccess) throws(AccessRefusal) {
        guard scopes?.allows(access) ?? true else { throw .insufficientScope }
    }

    /// Asks the graph; an invocation must also name what it uses.
    func may(_ ability: Ability, _ space: Space, path: String? = nil, _ context: CheckContext? = nil) -> Decision {
        let resource = Resource.atproto(space: space, path: path)
        if let invocation {
            return graph.decide(invocation, wanted: (ability, resource), context: context ?? self.context, at: now)
        }
        return may(principal, ability, space, path: path, context)
    }

    /// Asks for somebody else, such as everybody or an application.
    func may(
        _ other: DID, _ ability: Ability, _ space: Space, path: String? = nil, _ context: CheckContext? = nil
    ) -> Decision {
        graph.check(
            CheckQuestion(
                principal: other, ability: ability, resource: .atproto(space: space, path: path),
                context: context ?? self.context), at: now)
    }

    /// Asks whether the principal acts as itself, which takes nothing but its name.
    func inOwnName() -> Decision {
        graph.check(CheckQuestion(principal: principal, ability: .accountUse, resource: .account(principal)), at: now)
    }

    /// The answer for what is the author's own: a repo or one collection of it, by the author itself or by who shows a
    /// delegation the author signed; nil for anybody else, and for an invocation that does not name it.
    func own(
        _ author: DID, _ ability: Ability, _ space: Space, collection: String? = nil, isElsewhere: Bool = false
    ) -> Decision? {
        guard author == principal || invocation != nil else { return nil }
        var context = self.context
        context.isHeldElsewhere = isElsewhere
        let path = collection.map { "\(author.text)/\($0)" } ?? author.text
        let decision = may(ability, space, path: path, context)
        guard case .allow(let allowance) = decision else { return nil }
        return author == principal || signers(allowance).contains(author) ? decision : nil
    }

    /// True unless the caller is an invocation that does not name this use.
    func names(_ ability: Ability, _ space: Space, path: String?) -> Bool {
        guard let invocation else { return true }
        if case .success = graph.uses(invocation, of: ability, on: .atproto(space: space, path: path)) { return true }
        return false
    }

    /// True for an invocation, which may do no more than it names.
    var isInvocation: Bool { invocation != nil }

    /// Who signed the delegations an allowance rests on.
    private func signers(_ allowance: Allowance) -> [DID] {
        allowance.route.compactMap { step in
            let view = graph.view(step.edge)
            return view.kind.isHostStatement ? nil : DID(trusted: view.issuer)
        }
    }
}
