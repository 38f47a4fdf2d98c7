public import UCAN

extension Snapshot {
    /// Answers a question with the route that decides it, or with the first cause of refusal.
    public func check(_ question: CheckQuestion, at: Timestamp) -> Decision { judge(question, at: at).decision }

    /// Says what stands behind a verdict on a question.
    func decision(_ question: CheckQuestion, _ verdict: Verdict, at: Timestamp) -> Decision {
        switch verdict {
        case .owner: .allow(Allowance(route: [], rootAuthority: question.principal))
        case .allowed(let capability):
            .allow(
                Allowance(
                    route: liveRoute(from: capability, at: at.microseconds),
                    rootAuthority: question.resource.rootAuthority))
        case .allowedThroughSpaces(let path):
            .allow(
                Allowance(
                    route: path.flatMap { liveRoute(from: $0, at: at.microseconds) },
                    rootAuthority: question.resource.rootAuthority))
        case .undetermined: .undetermined(.budgetExhausted)
        case .denied: .deny(denial(question, resolve(question), at: at.microseconds))
        }
    }

    /// One live route from a capability that is known to have one, leaf to root.
    func liveRoute(from start: UInt32, at: Int64) -> [RouteStep] {
        var route: [RouteStep] = []
        var current = start
        while true {
            let row = graph.capabilities[current]
            route.append(RouteStep(edge: EdgeID(raw: row.edge), capability: capability(current)))
            if row.policy != 0, let policy = policyEdge(of: row) {
                route += capabilities(of: policy).prefix(1).map {
                    RouteStep(edge: EdgeID(raw: policy), capability: capability($0))
                }
            }
            if row.isRoot { return route }
            var next: UInt32?
            for support in supports(of: current) {
                var budget = graph.limits.maxCheckNodes
                if searchRoute(from: support, at: at, budget: &budget) == .live {
                    next = support
                    break
                }
            }
            guard let next else { return route }
            current = next
        }
    }

    /// Finds the first cause why no candidate is live.
    private func denial(_ question: CheckQuestion, _ resolved: ResolvedQuestion, at: Int64) -> Denial {
        var firstDead: Denial?
        var caveatDenial: Denial?
        if resolved.isKnown {
            let search = CandidateSearch(snapshot: self, question: resolved, ignoresCaveats: true)
            var visited = 0
            var budget = graph.limits.maxCheckNodes
            _ = search.forEach { capability in
                visited += 1
                let row = graph.capabilities[capability]
                guard isVisible(row.edge) else { return false }
                if searchRoute(from: capability, at: at, budget: &budget) != .live {
                    if firstDead == nil { firstDead = deadCause(of: capability, at: at) }
                } else if let failure = caveatFailure(row, resolved.use) {
                    caveatDenial = Denial(cause: failure.cause, edge: EdgeID(raw: row.edge))
                }
                return caveatDenial != nil || visited >= 256
            }
        }
        if caveatDenial == nil, resolved.rules.contains(.admitsOthers), resolved.hasKnownResource,
            let anyone = principal(.anyone)
        {
            caveatDenial = unmetCaveat(resolved.asked(by: anyone), at: at)
        }
        // A live grant whose caveat is not met is nearer to an allowance than a dead one.
        return caveatDenial ?? firstDead ?? nearMiss(question, resolved)
    }

    /// The first live capability whose caveats a use is outside.
    private func unmetCaveat(_ question: ResolvedQuestion, at: Int64) -> Denial? {
        var found: Denial?
        var visited = 0
        var budget = graph.limits.maxCheckNodes
        _ = CandidateSearch(snapshot: self, question: question, ignoresCaveats: true).forEach { capability in
            visited += 1
            let row = graph.capabilities[capability]
            if isVisible(row.edge), searchRoute(from: capability, at: at, budget: &budget) == .live,
                let failure = caveatFailure(row, question.use)
            {
                found = Denial(cause: failure.cause, edge: EdgeID(raw: row.edge))
            }
            return found != nil || visited >= 256
        }
        return found
    }

    /// Why a capability has no live route: the nearest ended edge, else the nearest outside its window.
    func deadCause(of capability: UInt32, at: Int64) -> Denial {
        var seen: Set<UInt32> = [capability]
        var queue = [capability]
        var head = 0
        var outside: UInt32?
        while head < queue.count, head < graph.limits.maxCheckNodes {
            let current = queue[head]
            head += 1
            let row = graph.capabilities[current]
            if isEnded(row.edge) {
                return Denial(cause: .revoked(by: revoker(of: row.edge)), edge: EdgeID(raw: row.edge))
            }
            if row.policy != 0, policyEdge(of: row) == nil, let policy = newestPolicyEdge(of: row) {
                return Denial(cause: .revoked(by: revoker(of: policy)), edge: EdgeID(raw: policy))
            }
            if outside == nil, !isInWindow(row.edge, at) { outside = row.edge }
            for support in supports(of: current) where seen.insert(support).inserted { queue.append(support) }
        }
        guard let outside else { return Denial(cause: .noRoute, edge: nil) }
        let notBefore = graph.window(outside).notBefore
        let cause: Denial.Cause =
            notBefore > at
            ? .notYetValid(until: Timestamp(microseconds: notBefore))
            : .expired(at: Timestamp(microseconds: graph.window(outside).expires))
        return Denial(cause: cause, edge: EdgeID(raw: outside))
    }

    func revoker(of edge: UInt32) -> String {
        guard isEndedHere(edge) else { return overlay?.actor.text ?? "unknown" }
        return graph.endings.get(edge).map { graph.terms.text($0.revoker) } ?? "unknown"
    }

    /// Looks at what the principal holds in the space to say which part of the question is not covered.
    private func nearMiss(_ question: CheckQuestion, _ resolved: ResolvedQuestion) -> Denial {
        guard let principal = principal(question.principal), let space = question.resource.space.flatMap(space) else {
            return Denial(cause: .noRoute, edge: nil)
        }
        let cursor = graph.lists.cursor(EdgeLists.Key(.audienceInSpace, principal, space))
        return nearMiss(resolved, among: sequence(state: cursor) { $0.next() })
    }

    /// Says which part of the question some edges do not cover, looking at no more than a check may.
    func nearMiss(_ question: ResolvedQuestion, among edges: some Sequence<UInt32>) -> Denial {
        var visited = 0
        var sameAbility: CapabilityRow?
        for edge in edges where isVisible(edge) {
            visited += 1
            guard visited <= graph.limits.maxCheckNodes else { break }
            var heldHere: [String] = []
            for number in capabilities(of: edge) {
                visited += 1
                let row = graph.capabilities[number]
                if graph.resources.contains(row.resource, question) {
                    heldHere.append(graph.terms.text(row.ability))
                } else if sameAbility == nil, question.space != 0,
                    // What the principal holds elsewhere is not the asker's to learn (law 9).
                    graph.resources.row(row.resource).space == question.space,
                    coversAbility(held: row.ability, required: question.ability, requiredNumber: question.abilityNumber)
                {
                    sameAbility = row
                }
            }
            if !heldHere.isEmpty {
                return Denial(cause: .abilityNotCovered(held: heldHere), edge: EdgeID(raw: edge))
            }
        }
        guard let sameAbility else { return Denial(cause: .noRoute, edge: nil) }
        return Denial(
            cause: .resourceNotCovered(held: resourceText(sameAbility.resource)), edge: EdgeID(raw: sameAbility.edge))
    }
}
