import UCAN

/// Where who manages a space changes it.
extension FixSearch {
    func admission(to space: Space) -> (Fix?, Unfixable) {
        let number = snapshot.space(space)
        if viewer.knowsUnit, let number, snapshot.deletion(of: number) != nil { return (nil, .deleted) }
        if let remedy, remedy.steps.isEmpty { return (nil, .noSingleStep) }
        var steps: [FixStep] = []
        if !isHeldAlready {
            guard let family = graph.families.family(of: question.resource),
                let admission = family.admission(of: question, holding: held(in: space), graph.registry)
            else { return (nil, question.principal == .anyone ? .principalIsNobody : .noSingleStep) }
            if viewer.knowsUnit, let number, let policy = missingPolicy(of: admission, in: number) {
                // What a policy would have to say is the affair of who manages the space.
                guard viewer.isReader else { return (nil, .noSingleStep) }
                steps.append(.setPolicy(space: space, ability: policy))
            }
            // Who may not know of the space is answered alike whatever it holds.
            if !viewer.knowsUnit || !isOnList(admission, of: space) { steps.append(admission.step) }
            guard !steps.isEmpty else { return (nil, .noSingleStep) }
        }
        steps += stepsOfUse
        guard steps.contains(where: { $0.effort > 0 }) else { return (Fix(steps: steps), .noSingleStep) }
        let managers = managers(of: space)
        let named = managers.named.dropFirst().prefix(Self.maxNamed - 1)
        return (
            Fix(
                steps: steps, by: managers.named.first, alsoBy: Array(named),
                moreSigners: max(0, managers.named.count - 1) - named.count + managers.elsewhere.count,
                capped: managers.capped),
            .noSingleStep
        )
    }

    private func held(in space: Space) -> [Ability] {
        snapshot.memberships(of: question.principal, in: space, at: at).flatMap(\.abilities)
    }

    /// True where the list says already what a step would have it say, of the principal or of a space it belongs to.
    private func isOnList(_ admission: AdmissionStep, of space: Space) -> Bool {
        guard let given = admission.given else { return false }
        return held(in: space).contains { graph.registry.covers(held: $0, required: given) }
            || viewer.isReader && isListedThroughSpaces
    }

    /// True for who would be let through member spaces if the policies of the asked one did not matter.
    private var isListedThroughSpaces: Bool {
        guard resolved.isKnown else { return false }
        var (budget, isListed) = (graph.limits.maxCheckNodes, false)
        _ = snapshot.walkMemberSpaces(
            of: resolved, at: at, &budget, ignoringPolicies: true
        ) { reached, inner, budget in
            // Those of the spaces between matter all the same.
            let isOpen = snapshot.hops(reached).dropLast().allSatisfy { hop in
                snapshot.searchRoute(from: hop, at: at.microseconds, budget: &budget) == .live
            }
            guard isOpen else { return true }
            isListed = graph.spaces.row(inner.space - 1).owner == resolved.principal
            if !isListed, case .allowed = snapshot.ownVerdict(inner, at: at, &budget) { isListed = true }
            return !isListed
        }
        return isListed
    }

    /// The ability that the list of the space's members would have to give before the step helps; nil where it does.
    private func missingPolicy(of admission: AdmissionStep, in space: UInt32) -> Ability? {
        guard let given = admission.given else { return nil }
        let policy = graph.registry.policy(of: graph.registry.number(given.text))
        guard policy != 0 else { return nil }
        var cursor = graph.lists.cursor(EdgeLists.Key(.policyInSpace, UInt32(policy), space))
        while let edge = cursor.next() {
            if snapshot.isVisible(edge), !snapshot.isEnded(edge) { return nil }
        }
        return Ability(trusted: graph.registry.entries[Int(policy) - 1].ability)
    }

    /// To a reader whom the space was given to comes first, then who else manages it; those who manage it by edges elsewhere
    /// are counted. To others whom its name says.
    private func managers(of space: Space) -> Managers {
        guard viewer.isReader, graph.families[space.family]?.managing != nil else {
            return Managers(named: [space.owner])
        }
        return snapshot.managers(of: space, at: at)
    }
}
