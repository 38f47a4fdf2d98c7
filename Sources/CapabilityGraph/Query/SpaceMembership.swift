import UCAN

/// How deep spaces may be members of spaces: the asked one is at depth 0 (atproto-spaces.md 5).
private let maxSpaceDepth = 9

extension Snapshot {
    /// Answers for a permissioned space by what is granted to anyone, then by the spaces that are members of it.
    func verdictThroughOthers(_ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int) -> Verdict {
        if let anyone = principal(.anyone) {
            let own = ownVerdict(question.asked(by: anyone), at: at, &budget)
            if case .denied = own {} else { return own }
        }
        guard question.principal != ResolvedQuestion.nobody else { return .denied }
        var visited = [question.space]
        return verdictThroughSpaces(question, at: at, depth: 0, &visited, &budget)
    }

    /// Follows the edges by which another space's members are admitted. Each hop grants only what its own edge does, so
    /// a row of `read` caps a member that may write; each space counts once.
    private func verdictThroughSpaces(
        _ question: ResolvedQuestion, at: Timestamp, depth: Int, _ visited: inout [UInt32], _ budget: inout Int
    ) -> Verdict {
        guard depth < maxSpaceDepth else { return .denied }
        var isExhausted = false
        var cursor = graph.lists.cursor(EdgeLists.Key(.memberSpaces, question.space - 1))
        while let edge = cursor.next() {
            guard budget > 0 else { return .undetermined }
            budget -= 1
            guard isVisible(edge), let hop = liveCapability(of: edge, question, at: at, &budget),
                let member = memberSpace(of: edge), !visited.contains(member + 1)
            else { continue }
            visited.append(member + 1)
            guard let inner = question.moved(to: member, in: graph) else { continue }
            if graph.spaces.row(member).owner == question.principal { return .allowedThroughSpaces([hop]) }
            switch ownVerdict(inner, at: at, &budget) {
            case .allowed(let capability): return .allowedThroughSpaces([capability, hop])
            case .undetermined: isExhausted = true
            case .denied, .owner, .allowedThroughSpaces:
                switch verdictThroughSpaces(inner, at: at, depth: depth + 1, &visited, &budget) {
                case .allowedThroughSpaces(let path): return .allowedThroughSpaces(path + [hop])
                case .undetermined: isExhausted = true
                case .owner, .allowed, .denied: continue
                }
            }
        }
        return isExhausted ? .undetermined : .denied
    }

    /// The capability of a member space's edge that covers the question and is in force.
    private func liveCapability(
        of edge: UInt32, _ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int
    ) -> UInt32? {
        capabilities(of: edge).first { number in
            let row = graph.capabilities[number]
            return row.caveats == 0
                && coversAbility(held: row.ability, required: question.ability, requiredNumber: question.abilityNumber)
                && graph.resources.contains(row.resource, question)
                && searchRoute(from: number, at: at.microseconds, budget: &budget) == .live
        }
    }

    private func memberSpace(of edge: UInt32) -> UInt32? {
        guard let term = graph.terms.find(.space, graph.terms.bytes(graph.info[edge].audience)) else { return nil }
        return graph.spaces.find(term: term)
    }
}

extension ResolvedQuestion {
    /// The same question about another principal.
    func asked(by other: UInt32) -> ResolvedQuestion {
        ResolvedQuestion(
            principal: other, isAuthority: false, base: base, space: space, path: path, isHierarchical: isHierarchical,
            ability: ability, abilityNumber: abilityNumber, context: context, hasKnownResource: hasKnownResource,
            isPermissioned: isPermissioned)
    }

    /// The same question about the whole of another space; nil when no edge names it.
    func moved(to other: UInt32, in graph: Graph) -> ResolvedQuestion? {
        let base = ResourceBase(space: other + 1, service: 0, suffix: 0, authority: graph.spaces.row(other).owner)
        let number = graph.resources.findBase(base)
        return ResolvedQuestion(
            principal: principal, isAuthority: false, base: number ?? Resources.unseen, space: other + 1, path: nil,
            isHierarchical: true, ability: ability, abilityNumber: abilityNumber, context: context,
            hasKnownResource: number != nil, isPermissioned: true)
    }
}
