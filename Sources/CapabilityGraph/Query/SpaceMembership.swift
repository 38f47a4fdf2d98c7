import Synchronization
package import UCAN

/// How deep spaces may be members of spaces: the asked one is at depth 0 (atproto-spaces.md 5).
private let maxSpaceDepth = 9

extension Snapshot {
    /// Answers for a permissioned space by what it gives its members as such, then by what is granted to anyone, then by
    /// the spaces that are members of it.
    ///
    /// What members as such may is searched within a bound of its own, so that it takes nothing from what everybody may.
    func verdictThroughOthers(
        _ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int, asMember bound: inout Int
    ) -> Verdict {
        let anyone = principal(.anyone)
        var isUndetermined = false
        if question.principal != anyone {
            switch verdictAsMember(question, at: at, &bound) {
            case .denied: break
            case .undetermined: isUndetermined = true
            case let found: return found
            }
        }
        if let anyone {
            let own = ownVerdict(question.asked(by: anyone), at: at, &budget)
            if case .denied = own {} else { return own }
        }
        guard question.principal != ResolvedQuestion.nobody else { return .denied }
        let through = verdictThroughSpaces(question, at: at, &budget)
        if case .denied = through, isUndetermined { return .undetermined }
        return through
    }

    /// An edge that is made for the space itself is for whoever belongs to it, by an edge of its own or through a member
    /// space: what everybody may makes nobody a member.
    func verdictAsMember(_ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int) -> Verdict {
        guard question.space != 0, question.principal != ResolvedQuestion.nobody,
            let members = graph.terms.find(.principal, graph.terms.bytes(graph.spaces.row(question.space - 1).text))
        else { return .denied }
        let given = ownVerdict(question.asked(by: members), at: at, &budget)
        guard case .allowed(let capability) = given else { return given }
        let belonging = question.belonging(in: graph)
        switch ownVerdict(belonging, at: at, &budget) {
        case .allowed(let own): return .allowedThroughSpaces([own, capability])
        case .undetermined: return .undetermined
        case .denied, .owner, .allowedThroughSpaces: break
        }
        let through = verdictThroughSpaces(belonging, at: at, &budget)
        guard case .allowedThroughSpaces(let path) = through else { return through }
        return .allowedThroughSpaces(path + [capability])
    }

    /// Follows the edges by which another space's members are admitted. Each hop grants only what its own edge does: a row
    /// of `read` caps a member that may write.
    private func verdictThroughSpaces(_ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int) -> Verdict {
        var isExhausted = false
        var found: [UInt32]?
        let isWhole = walkMemberSpaces(of: question, at: at, &budget) { reached, inner, budget in
            if graph.spaces.row(inner.space - 1).owner == question.principal {
                found = hops(reached)
                return false
            }
            switch ownVerdict(inner, at: at, &budget) {
            case .allowed(let capability):
                found = [capability] + hops(reached)
                return false
            case .undetermined: isExhausted = true
            case .denied, .owner, .allowedThroughSpaces: break
            }
            return true
        }
        if let found { return .allowedThroughSpaces(found) }
        return isExhausted || !isWhole ? .undetermined : .denied
    }

    /// The one walk over spaces that are members of a space, directly or through others, nearest first, so that each
    /// counts at its shortest way; `body` says whether to go on. Spaces that are not here do not count.
    ///
    /// False when the budget ran out. `ignoringPolicies` asks what the lists say, whatever their policies let them give.
    func walkMemberSpaces(
        of question: ResolvedQuestion, at: Timestamp, _ budget: inout Int, ignoringPolicies: Bool = false,
        where isCounted: (UInt32) -> Bool = { _ in true },
        _ body: ([ReachedSpace], ResolvedQuestion, inout Int) -> Bool
    ) -> Bool {
        var reached = [ReachedSpace(question: question, hop: nil, outer: 0)]
        var visited: Set<UInt32> = [question.space]
        var level = 0..<1
        for _ in 1...maxSpaceDepth {
            for outer in level {
                let asked = reached[outer].question
                var cursor = graph.lists.cursor(EdgeLists.Key(.memberSpaces, asked.space - 1))
                while let edge = cursor.next() {
                    guard budget > 0 else { return false }
                    budget -= 1
                    guard isVisible(edge), let member = memberSpace(of: edge), !visited.contains(member + 1),
                        isLive(member), isCounted(member),
                        let hop = liveCapability(of: edge, asked, at: at, &budget, ignoringPolicies),
                        let inner = question.moved(to: member, in: graph)
                    else { continue }
                    visited.insert(member + 1)
                    reached.append(ReachedSpace(question: inner, hop: hop, outer: outer))
                    guard body(reached, inner, &budget) else { return true }
                }
            }
            level = level.upperBound..<reached.count
        }
        return true
    }

    /// The question as it is put to each space whose members count for it, nearest first; false when the budget ran out.
    func innerQuestions(
        of question: ResolvedQuestion, at: Timestamp, _ budget: inout Int, _ body: (ResolvedQuestion) -> Void
    ) -> Bool {
        walkMemberSpaces(of: question, at: at, &budget) { _, inner, _ in
            body(inner)
            return true
        }
    }

    /// The capabilities that lead from the space reached last to the asked one, innermost first.
    func hops(_ reached: [ReachedSpace]) -> [UInt32] {
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
        of edge: UInt32, _ question: ResolvedQuestion, at: Timestamp, _ budget: inout Int, _ ignoringPolicies: Bool
    ) -> UInt32? {
        // Each way is searched within the bound of one check, however much the walk as a whole may cost.
        let bound = min(budget, graph.limits.maxCheckNodes)
        var remaining = bound
        defer { budget -= bound - remaining }
        return capabilities(of: edge).first { number in
            let row = graph.capabilities[number]
            return row.caveats == 0
                && coversAbility(held: row.ability, required: question.ability, requiredNumber: question.abilityNumber)
                && graph.resources.contains(row.resource, question)
                && searchRoute(
                    from: number, at: at.microseconds, budget: &remaining, ignoringPolicies: ignoringPolicies) == .live
        }
    }

    /// The space whose members an edge is made for.
    func memberSpace(of edge: UInt32) -> UInt32? {
        guard let term = graph.terms.find(.space, graph.terms.bytes(graph.audience(edge))) else { return nil }
        return graph.spaces.find(term: term)
    }

    /// True for a space that was made here and is not deleted: the edge that gave it to its owner last stands.
    func isLive(_ space: UInt32) -> Bool {
        var cursor = graph.lists.cursor(EdgeLists.Key(.ownerships, space))
        while let edge = cursor.next() {
            if isVisible(edge) { return !isEnded(edge) }
        }
        return false
    }
}

/// A space whose members count, and by which edge of which other one.
struct ReachedSpace {
    let question: ResolvedQuestion
    /// nil for the asked space.
    let hop: UInt32?
    let outer: Int
}

extension Snapshot {
    /// The spaces whose members the list of a space admits for an ability, whatever its policies let the list give, in
    /// the order of the walk that decides. `isCounted` leaves out spaces, with all that only they lead to.
    package func memberSpaces(
        of space: Space, for ability: Ability, at: Timestamp, where isCounted: (Space) -> Bool = { _ in true }
    ) -> [Space] {
        let question = resolve(
            CheckQuestion(principal: .anyone, ability: ability, resource: Resource(space: space)))
        guard question.space != 0 else { return [] }
        var found: [Space] = []
        // The walk is bounded by its depth; a listing that was cut would be a wrong one.
        var budget = Int.max
        func named(_ number: UInt32) -> Space? {
            try? graph.families.space(graph.terms.text(graph.spaces.row(number).text))
        }
        _ = walkMemberSpaces(
            of: question, at: at, &budget, ignoringPolicies: true, where: { named($0).map(isCounted) ?? false }
        ) { _, inner, _ in
            if let space = named(inner.space - 1) { found.append(space) }
            return true
        }
        return found
    }

    /// The spaces that admit the members of a space, directly or through others, no further up than the walk goes down.
    package func spacesAdmitting(_ space: Space) -> [Space] {
        var found: [Space] = []
        var level = [space]
        for _ in 1...maxSpaceDepth {
            var next: [Space] = []
            for inner in level {
                guard let number = principal(DID(space: inner)) else { continue }
                var edge = graph.terms.heads.base[Int(number)].received.load(ordering: .acquiring)
                while edge != 0 {
                    let current = edge - 1
                    edge = graph.info[current].olderOfAudience
                    guard isVisible(current), !isEnded(current) else { continue }
                    for capability in capabilities(of: current) {
                        guard let outer = resource(graph.capabilities[capability].resource).space, outer != space,
                            !found.contains(outer)
                        else { continue }
                        found.append(outer)
                        next.append(outer)
                    }
                }
            }
            level = next
        }
        return found
    }
}

/// An edge by which somebody stands on the list of a space's members.
package struct Membership: Sendable {
    package let edge: Snapshot.EdgeID
    /// What the list gives by it, whatever the space's policies let the list give.
    package let abilities: [Ability]
}

extension Snapshot {
    /// The edges by which a principal, or another space, stands on the list of a space's members, newest first.
    package func memberships(of principal: DID, in space: Space, at: Timestamp) -> [Membership] {
        guard let cursor = memberEdges(of: principal, in: space) else { return [] }
        return sequence(state: cursor) { $0.next() }.compactMap { edge in
            guard isVisible(edge), graph.families.traits(code: graph.info[edge].kind).contains(.membership),
                !isEnded(edge)
            else {
                return nil
            }
            var budget = graph.limits.maxCheckNodes
            let live = capabilities(of: edge).filter {
                searchRoute(from: $0, at: at.microseconds, budget: &budget, ignoringPolicies: true) == .live
            }
            // Nothing is left of it where the space it was made in is gone.
            guard !live.isEmpty else { return nil }
            return Membership(edge: EdgeID(raw: edge), abilities: live.map { capability($0).ability })
        }
    }

    /// What ends with an edge, whichever door it is ended by: one right of a member is not ended alone.
    package func ended(with edge: EdgeID, at: Timestamp) -> [EdgeID] {
        let view = view(edge)
        guard view.kind.traits.contains(.membership),
            let space = view.capabilities.lazy.compactMap(\.resource.space).first
        else { return [edge] }
        let others = memberships(of: DID(trusted: view.audience), in: space, at: at).map(\.edge)
        return [edge] + others.filter { $0 != edge }
    }

    /// True where somebody was taken off the list of a space after a revision, whatever became of it since.
    package func wasRemoved(_ principal: DID, from space: Space, after revision: UInt32) -> Bool {
        guard let cursor = memberEdges(of: principal, in: space) else { return false }
        return sequence(state: cursor) { $0.next() }.contains { edge in
            guard isVisible(edge), graph.families.traits(code: graph.info[edge].kind).contains(.membership),
                isEnded(edge)
            else {
                return false
            }
            let view = EdgeView(self, edge)
            return !view.isReplaced && view.endedAt ?? 0 > revision
        }
    }

    /// The edges of one kind that somebody received and that have not ended.
    package func received(by principal: DID, of kind: EdgeKind) -> [EdgeID] {
        guard let number = self.principal(principal) else { return [] }
        var found: [EdgeID] = []
        var edge = graph.terms.heads.base[Int(number)].received.load(ordering: .acquiring)
        while edge != 0 {
            let current = edge - 1
            edge = graph.info[current].olderOfAudience
            guard isVisible(current), !isEnded(current), graph.info[current].kind == kind.code else { continue }
            found.append(EdgeID(raw: current))
        }
        return found
    }

    private func memberEdges(of principal: DID, in space: Space) -> EdgeLists.Cursor? {
        guard let audience = self.principal(principal), let number = self.space(space) else { return nil }
        return graph.lists.cursor(EdgeLists.Key(.audienceInSpace, audience, number))
    }
}

extension ResolvedQuestion {
    /// The same question about another principal.
    func asked(by other: UInt32) -> ResolvedQuestion {
        ResolvedQuestion(
            principal: other, isAuthority: false, base: base, space: space, path: path, longestPath: longestPath,
            isHierarchical: isHierarchical,
            ability: ability, abilityNumber: abilityNumber, use: use, hasKnownResource: hasKnownResource,
            rules: rules)
    }

    /// Whether the same principal belongs to the space at all.
    func belonging(in graph: Graph) -> ResolvedQuestion {
        let ability = Ability.spaceBelong.text
        return ResolvedQuestion(
            principal: principal, isAuthority: false, base: base, space: space, path: nil, longestPath: longestPath,
            isHierarchical: true, ability: graph.terms.find(.ability, ability) ?? 0,
            abilityNumber: graph.registry.number(ability), use: nil,
            hasKnownResource: hasKnownResource, rules: rules)
    }

    /// The same question about the whole of another space; nil when no edge names it. Nobody belongs to one by what is
    /// narrowed.
    func moved(to other: UInt32, in graph: Graph) -> ResolvedQuestion? {
        let base = ResourceBase(space: other + 1, service: 0, suffix: 0, authority: graph.spaces.row(other).owner)
        let number = graph.resources.findBase(base)
        return ResolvedQuestion(
            principal: principal, isAuthority: false, base: number ?? Resources.unseen, space: other + 1, path: nil,
            longestPath: -1, isHierarchical: true, ability: ability, abilityNumber: abilityNumber, use: nil,
            hasKnownResource: number != nil, rules: rules)
    }
}
