public import UCAN

/// What is told of a space to who may not know that it is there (design law 9): the same as of one that is not.
extension Snapshot {
    /// True for who may know of a space; where its family keeps none secret, for everybody.
    public func mayKnow(_ principal: DID, of space: Space, at now: Timestamp) -> Bool {
        let whole = Resource(space: space)
        guard let knowing = graph.families.family(of: whole)?.knowing else { return true }
        return judge(CheckQuestion(principal: principal, ability: knowing, resource: whole), at: now).isAllowed
    }

    /// A decision as it is told to somebody. Of a space that it may not know of, only what is its own and what its own edges
    /// say is told; what is given to anyone there, and what that lacks, is not.
    public func told(_ decision: Decision, on resource: Resource, to asker: DID, at now: Timestamp) -> Decision {
        guard let space = resource.space, !mayKnow(asker, of: space, at: now) else { return decision }
        switch decision {
        case .allow(let allowance):
            guard let first = allowance.route.first, !isParty(asker, to: first.edge) else { return decision }
        case .deny(let denial):
            if let edge = denial.edge {
                if isParty(asker, to: edge) { return decision }
            } else if case .missingContext = denial.cause {
                break
            } else {
                return decision
            }
        case .undetermined:
            if isPartyInside(space, asker) { return decision }
        }
        return .deny(Denial(cause: .noRoute, edge: nil))
    }

    /// An explanation as it is told to somebody; see `told(_:on:to:at:)`.
    public func told(_ explanation: Explanation, on resource: Resource, to asker: DID, at now: Timestamp) -> Explanation
    {
        guard let space = resource.space, !mayKnow(asker, of: space, at: now) else { return explanation }
        return Explanation(
            decision: told(explanation.decision, on: resource, to: asker, at: now),
            candidates: explanation.candidates.filter { isParty(asker, to: $0.edge) }, isComplete: true)
    }

    /// True for who received an edge in a space, as far as the bound of a check reaches.
    private func isPartyInside(_ space: Space, _ principal: DID) -> Bool {
        guard let number = self.principal(principal), let space = self.space(space) else { return false }
        let cursor = graph.lists.cursor(EdgeLists.Key(.audienceInSpace, number, space))
        return sequence(state: cursor) { $0.next() }.prefix(graph.limits.maxCheckNodes).contains { isVisible($0) }
    }

    /// True for who issued or received an edge.
    func isParty(_ principal: DID, to edge: EdgeID) -> Bool {
        guard let number = self.principal(principal) else { return false }
        return graph.issuer(edge.raw) == number || graph.audience(edge.raw) == number
    }
}
