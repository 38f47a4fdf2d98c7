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
        return verdictThroughSpaces(question, at: at, &budget)
    }

    /// Follows the edges by which another space's members are admitted, nearest spaces first, so that each counts at its
    /// shortest way. Each hop grants only what its own edge does: a row of `read` caps a member that may write.
    private func verdictThroughSpaces(_ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int) -> Verdict {
        var reached = [ReachedSpace(question: question, hop: nil, outer: 0)]
        var visited: Set<UInt32> = [question.space]
        var level = 0..<1
        var isExhausted = false
        for _ in 1...maxSpaceDepth {
            for outer in level {
                let asked = reached[outer].question
                var cursor = graph.lists.cursor(EdgeLists.Key(.memberSpaces, asked.space - 1))
                while let edge = cursor.next() {
                    guard budget > 0 else { return .undetermined }
                    budget -= 1
                    guard isVisible(edge), let member = memberSpace(of: edge), !visited.contains(member + 1),
                        let hop = liveCapability(of: edge, asked, at: at, &budget),
                        let inner = question.moved(to: member, in: graph)
                    else { continue }
                    visited.insert(member + 1)
                    reached.append(ReachedSpace(question: inner, hop: hop, outer: outer))
                    if graph.spaces.row(member).owner == question.principal {
                        return .allowedThroughSpaces(hops(reached))
                    }
                    switch ownVerdict(inner, at: at, &budget) {
                    case .allowed(let capability): return .allowedThroughSpaces([capability] + hops(reached))
                    case .undetermined: isExhausted = true
                    case .denied, .owner, .allowedThroughSpaces: break
                    }
                }
            }
            level = level.upperBound..<reached.count
        }
        return isExhausted ? .undetermined : .denied
    }

    /// The capabilities that lead from the space reached last to the asked one, innermost first.
    private func hops(_ reached: [ReachedSpace]) -> [UInt32] {
        var path: [UInt32] = []
        var index = reached.count - 1
        while let hop = reached[index].hop {
            path.append(hop)
            index = reached[index].outer
        }
        return path
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

/// A space whose members count, and by which edge of which other one.
private struct ReachedSpace {
    let question: ResolvedQuestion
    /// nil for the asked space.
    let hop: UInt32?
    let outer: Int
}

extension ResolvedQuestion {
    /// The same question about another principal.
    func asked(by other: UInt32) -> ResolvedQuestion {
        ResolvedQuestion(
            principal: other, isAuthority: false, base: base, space: space, path: path, isHierarchical: isHierarchical,
            ability: ability, abilityNumber: abilityNumber, use: use, hasKnownResource: hasKnownResource,
            isPermissioned: isPermissioned)
    }

    /// The same question about the whole of another space; nil when no edge names it. Nobody belongs to one by what is
    /// narrowed.
    func moved(to other: UInt32, in graph: Graph) -> ResolvedQuestion? {
        let base = ResourceBase(space: other + 1, service: 0, suffix: 0, authority: graph.spaces.row(other).owner)
        let number = graph.resources.findBase(base)
        return ResolvedQuestion(
            principal: principal, isAuthority: false, base: number ?? Resources.unseen, space: other + 1, path: nil,
            isHierarchical: true, ability: ability, abilityNumber: abilityNumber, use: nil,
            hasKnownResource: number != nil, isPermissioned: true)
    }
}
