public import UCAN

/// What a use of a permissioned space takes beside the right to it (atproto-spaces.md 5).
extension Snapshot {
    /// Answers a question as the routes do: the right itself, and what the use takes beside it.
    public func answer(_ question: CheckQuestion, at now: Timestamp) -> Decision {
        let decision = check(question, at: now)
        guard decision.isAllowed else { return decision }
        return unmetCondition(
            of: question.ability, on: question.resource, by: question.principal, question.context, at: now) ?? decision
    }

    /// Answers an invocation as the routes do; see `decide`.
    public func answer(
        _ question: InvocationQuestion, wanted: (ability: Ability, resource: Resource)?, context: CheckContext?,
        at now: Timestamp
    ) -> Decision {
        let decision = decide(question, wanted: wanted, context: context, at: now)
        guard decision.isAllowed else { return decision }
        for (ability, resource) in wanted.map({ [$0] }) ?? question.capabilities.map({ ($0.ability, $0.resource) }) {
            let unmet = unmetCondition(of: ability, on: resource, by: question.invoker, context, at: now)
            if let unmet { return unmet }
        }
        return decision
    }

    /// The answer that refuses a use whose right is held; nil where nothing is wanting.
    private func unmetCondition(
        of ability: Ability, on resource: Resource, by principal: DID, _ context: CheckContext?, at now: Timestamp
    ) -> Decision? {
        guard case .atproto(let space, _) = resource else { return nil }
        switch ability {
        case .spaceRead: return connecting(to: space, by: principal, context, at: now)
        case .spaceCreate, .spaceUpdate:
            guard !(context?.isHeldElsewhere ?? false) else { return nil }
            let taken = taking(resource, at: now)
            return taken.isAllowed ? nil : taken
        default: return nil
        }
    }

    /// Records of others are read by an application that may connect: the attested one, or any, unless everybody may read
    /// anyway. A credential's key connects by the credential.
    private func connecting(
        to space: Space, by principal: DID, _ context: CheckContext?, at now: Timestamp
    ) -> Decision? {
        let whole = Resource.atproto(space: space, path: nil)
        let openly = CheckQuestion(principal: .anyone, ability: .spaceReadOpenly, resource: whole)
        if check(openly, at: now).isAllowed { return nil }
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

    /// Whether the space takes records at a place, whoever writes them.
    public func taking(_ resource: Resource, at now: Timestamp) -> Decision {
        check(CheckQuestion(principal: .anyone, ability: .spaceTake, resource: resource), at: now)
    }
}
