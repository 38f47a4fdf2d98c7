public import UCAN

/// What a use of a permissioned space takes beside the right to it (atproto-spaces.md 5).
extension PermissionedSpaces {
    public func unmetCondition(of question: CheckQuestion, in graph: Snapshot, at now: Timestamp) -> Decision? {
        guard let space = question.resource.space else { return nil }
        if question.context?.isOfNoSpace ?? false, question.ability != .spaceManageCreate, !isOwn(question) {
            // Nobody has anything in a space that is not there, but the right of its authority to make it.
            return .deny(Denial(cause: .noRoute, edge: nil))
        }
        switch question.ability {
        case .spaceRead:
            return graph.connecting(to: space, question, at: now)
        case .spaceCreate, .spaceUpdate:
            guard !(question.context?.isHeldElsewhere ?? false) else { return nil }
            let taken = graph.taking(question.resource, at: now)
            return taken.isAllowed ? nil : taken
        default: return nil
        }
    }
}

extension Snapshot {
    /// Records of others are read by an application that may connect: the attested one, or any, unless everybody may read
    /// anyway. A credential's key connects by the credential, where it shows that and not its own invocation.
    fileprivate func connecting(to space: Space, _ question: CheckQuestion, at now: Timestamp) -> Decision? {
        let (principal, context) = (question.principal, question.context)
        let whole = Resource.atproto(space: space, path: nil)
        let openly = CheckQuestion(principal: .anyone, ability: .spaceReadOpenly, resource: whole)
        if judge(openly, at: now).isAllowed { return nil }
        let own = CheckQuestion(principal: principal, ability: .spaceConnect, resource: whole, context: context)
        if !question.isInvoked, isConnectedByCredential(own, at: now) { return nil }
        var client = principal.text.utf8.starts(with: "did:".utf8) ? DID.anyone : principal
        if let named = context?.client { client = (try? DID(application: named)) ?? .anyone }
        let connect = check(
            CheckQuestion(principal: client, ability: .spaceConnect, resource: whole, context: context), at: now)
        switch connect {
        case .allow: return nil
        case .undetermined: return connect
        case .deny(let denial):
            guard context?.client == nil else { return connect }
            return .deny(Denial(cause: .missingContext(["client"]), edge: denial.edge))
        }
    }

    /// True for who holds the key of a credential, which says by what application its user asked.
    private func isConnectedByCredential(_ question: CheckQuestion, at now: Timestamp) -> Bool {
        if let context = question.context, context.isHeldElsewhere, let credential = context.credential {
            return credential.allows(question, graph.registry, at: now)
        }
        return judge(question, at: now).leaf?.kind == .spaceCredential
    }

    /// Whether the space takes records at a place, whoever writes them.
    public func taking(_ resource: Resource, at now: Timestamp) -> Decision {
        check(CheckQuestion(principal: .anyone, ability: .spaceTake, resource: resource), at: now)
    }
}
