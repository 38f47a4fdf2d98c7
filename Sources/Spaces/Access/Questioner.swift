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
    let session: Judgement?
    /// What bounds the app; nil when nothing does.
    let scopes: SpaceScopes?
    /// What the operation tells of the use; nil when nothing.
    let context: CheckContext?
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
    ) throws(AccessRefusal) -> Judgement {
        let judgement = graph.judge(
            CheckQuestion(principal: session, ability: .accountUse, resource: .account(account)), at: now)
        guard judgement.isAllowed else { throw .sessionEnded.with(judgement.decision) }
        return judgement
    }

    /// Asks in the name of a principal whose identity is established otherwise.
    init(
        _ principal: DID, in graph: Snapshot, at now: Timestamp, context: CheckContext = CheckContext(),
        session: Judgement? = nil, scopes: SpaceScopes? = nil, invocation: InvocationQuestion? = nil
    ) {
        self.graph = graph
        self.now = now
        self.principal = principal
        self.session = session
        self.scopes = scopes
        self.context = context.isEmpty ? nil : context
        self.invocation = invocation
    }

    /// Throws `InsufficientScope` unless the app's scopes cover an access.
    func require(_ access: SpaceAccess) throws(AccessRefusal) {
        guard scopes?.allows(access) ?? true else { throw .insufficientScope }
    }

    /// Throws `InsufficientScope` unless the app's scopes cover one of some accesses to a space; no access needs none.
    func require(anyOf accesses: [SpaceAccess.Operation], in space: SpaceURI) throws(AccessRefusal) {
        guard let scopes, !accesses.isEmpty else { return }
        guard accesses.contains(where: { scopes.allows(SpaceAccess(space, $0)) }) else { throw .insufficientScope }
    }

    /// Asks the graph; an invocation must also name what it uses.
    func may(_ ability: Ability, _ space: Space, path: String? = nil, _ context: CheckContext? = nil) -> Judgement {
        if let invocation {
            let resource = Resource.atproto(space: space, path: path)
            return Judgement(
                graph.decide(invocation, wanted: (ability, resource), context: context ?? self.context, at: now),
                in: graph)
        }
        return may(principal, ability, space, path: path, context)
    }

    /// Asks for somebody else, such as everybody or an application.
    func may(
        _ other: DID, _ ability: Ability, _ space: Space, path: String? = nil, _ context: CheckContext? = nil
    ) -> Judgement {
        graph.judge(
            CheckQuestion(
                principal: other, ability: ability, resource: .atproto(space: space, path: path),
                context: context ?? self.context), at: now)
    }

    /// Asks whether the principal acts as itself, which takes nothing but its name.
    func inOwnName() -> Judgement {
        graph.judge(CheckQuestion(principal: principal, ability: .accountUse, resource: .account(principal)), at: now)
    }

    /// The answer for what is the author's own: a repo or one collection of it, by the author itself or by who shows a
    /// delegation the author signed; nil for anybody else, and for an invocation that does not name it.
    func own(
        _ author: DID, _ ability: Ability, _ space: Space, collection: String? = nil, isElsewhere: Bool = false
    ) -> Judgement? {
        guard author == principal || invocation != nil else { return nil }
        var context = self.context
        if isElsewhere {
            context = context ?? CheckContext()
            context?.isHeldElsewhere = true
        }
        let path = collection.map { "\(author.text)/\($0)" } ?? author.text
        let judgement = may(ability, space, path: path, context)
        guard judgement.isAllowed else { return nil }
        if author == principal { return judgement }
        guard case .allow(let allowance) = judgement.decision else { return nil }
        return signers(allowance).contains(author) ? judgement : nil
    }

    /// True unless the caller is an invocation that does not name this use.
    func names(_ ability: Ability, _ space: Space, path: String?) -> Bool {
        guard let invocation else { return true }
        if case .success = graph.uses(invocation, of: ability, on: .atproto(space: space, path: path)) { return true }
        return false
    }

    /// Who signed the delegations an allowance rests on.
    private func signers(_ allowance: Allowance) -> [DID] {
        allowance.route.compactMap { step in
            let view = graph.view(step.edge)
            return view.kind.isHostStatement ? nil : DID(trusted: view.issuer)
        }
    }
}
