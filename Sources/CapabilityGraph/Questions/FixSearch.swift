import Multiformats
public import UCAN

extension Snapshot {
    /// The smallest fixes of a refused question, the least effort first. `misses` are those of the same question.
    ///
    /// Nothing is offered that the one who would sign does not hold, and nobody is named whom the viewer may not see.
    public func fixes(
        _ question: CheckQuestion, after misses: Misses, at: Timestamp, for viewer: QuestionViewer = .reader,
        lifetime: Int64 = Fix.usualLifetime
    ) -> Fixes {
        let search = FixSearch(
            snapshot: self, question: question, misses: misses, at: at, viewer: viewer, lifetime: lifetime)
        return search.fixes()
    }
}

/// One search for the fixes of a question.
struct FixSearch {
    let snapshot: Snapshot
    let question: CheckQuestion
    let misses: Misses
    let at: Timestamp
    let viewer: QuestionViewer
    /// For how long a new delegation would hold, in seconds, where what it rests on does.
    let lifetime: Int64

    /// How many who may hold the right are tried.
    private static let maxSigners = 256
    private static let maxNamed = 8

    private var graph: Graph { snapshot.graph }

    func fixes() -> Fixes {
        if case .undetermined = snapshot.answer(question, at: at) { return Fixes([], else: .undetermined) }
        var found = [ownEffort()].compactMap { $0 }
        guard let space = question.resource.space, space.rules.contains(.admitsOthers) else {
            let (fix, reason) = delegation()
            if let fix { found.append(fix) }
            return Fixes(found, else: reason)
        }
        let (fix, reason) = admission(to: space)
        if let fix { found.append(fix) }
        return Fixes(found, else: reason)
    }

    // MARK: nobody else has to do anything

    /// What the asker can do alone: say by which caveats it is bound, wait, or both.
    private func ownEffort() -> Fix? {
        let resolved = snapshot.resolve(question)
        guard resolved.hasKnownResource else { return nil }
        var holders = [resolved.principal]
        if resolved.rules.contains(.admitsOthers), viewer.knowsUnit, let anyone = snapshot.principal(.anyone) {
            holders.append(anyone)
        }
        var best: (steps: [FixStep], until: Timestamp)?
        var visited = 0
        for holder in holders where holder != ResolvedQuestion.nobody {
            let search = CandidateSearch(
                snapshot: snapshot, question: resolved.asked(by: holder), ignoresCaveats: true)
            _ = search.forEach { number in
                visited += 1
                guard let found = ownEffort(by: number) else { return visited >= graph.limits.maxCheckNodes }
                if best.map({ (found.steps.count, found.until) < ($0.steps.count, $0.until) }) ?? true { best = found }
                return visited >= graph.limits.maxCheckNodes
            }
        }
        return best.map { Fix(effort: 0, steps: $0.steps) }
    }

    private func ownEffort(by number: UInt32) -> (steps: [FixStep], until: Timestamp)? {
        let row = graph.capabilities[number]
        guard snapshot.isVisible(row.edge), !snapshot.isEnded(row.edge) else { return nil }
        let notBefore = Timestamp(microseconds: graph.window(row.edge).notBefore)
        let until = max(at, notBefore)
        var budget = graph.limits.maxCheckNodes
        guard snapshot.searchRoute(from: number, at: until.microseconds, budget: &budget) == .live else { return nil }
        var steps: [FixStep] = []
        var asked = question
        let use = CaveatUse(ability: question.ability, resource: question.resource, context: question.context)
        if snapshot.caveatFailure(row, use) != nil {
            guard let held = snapshot.caveats(of: row), !held.isEmpty else { return nil }
            var context = question.context ?? CheckContext()
            context.caveats = held
            asked.context = context
            steps.append(.context(held))
        }
        if until > at { steps.append(.wait(until: until)) }
        guard !steps.isEmpty, snapshot.answer(asked, at: until).isAllowed else { return nil }
        return (steps, until)
    }

    // MARK: one signs

    /// One delegation, by who holds the right or controls the resource.
    private func delegation() -> (Fix?, Unfixable) {
        let principal = question.principal
        guard Self.isNamedByDID(principal) else { return (nil, .principalIsNobody) }
        var steps: [DelegationStep] = []
        var tried: Set<DID> = [principal]
        func consider(_ signer: DID) {
            guard tried.insert(signer).inserted, let step = step(by: signer) else { return }
            steps.append(step)
        }
        for edge in misses.shown.first?.route ?? [] {
            consider(DID(trusted: graph.terms.text(graph.issuer(edge.raw))))
        }
        if let owner = question.resource.rootAuthority { consider(owner) }
        var isWhole = true
        if misses.seesUnit {
            var limit = graph.limits.maxCheckNodes
            var others: [DID] = []
            isWhole = snapshot.forEachGrant(of: snapshot.resolve(question), limit: &limit) { number in
                guard others.count < Self.maxSigners else { return }
                others.append(DID(trusted: graph.terms.text(graph.audience(graph.capabilities[number].edge))))
            }
            for other in others { consider(other) }
            isWhole = isWhole && others.count < Self.maxSigners
        }
        guard !steps.isEmpty else {
            return (nil, question.resource.rootAuthority == nil ? .nobodyControls : .noSingleStep)
        }
        let visible = steps.filter { isVisible($0.issuer) }
        let hiddenCount = misses.seesUnit ? steps.count - visible.count : 0
        guard let first = visible.first else {
            return (nil, .noSingleStep)
        }
        let named = visible.dropFirst().prefix(Self.maxNamed - 1).map(\.issuer)
        return (
            Fix(
                effort: 1, steps: [.delegate(first)], by: first.issuer, alsoBy: Array(named),
                moreSigners: visible.count - 1 - named.count + hiddenCount), .noSingleStep
        )
    }

    private static func isNamedByDID(_ principal: DID) -> Bool { principal.text.utf8.starts(with: "did:".utf8) }

    /// The statement by which one principal gives what is asked; nil where it holds nothing that admission would take.
    private func step(by signer: DID) -> DelegationStep? {
        guard Self.isNamedByDID(signer) else { return nil }
        let end = Timestamp(microseconds: Self.sum(at.microseconds, lifetime))
        if signer == question.resource.rootAuthority {
            return DelegationStep(
                issuer: signer, audience: question.principal,
                capability: Capability(resource: question.resource, ability: question.ability), notBefore: nil,
                expires: end, proofs: [])
        }
        var asked = question
        asked.principal = signer
        let resolved = snapshot.resolve(asked)
        guard resolved.isKnown else { return nil }
        var found: UInt32?
        var budget = graph.limits.maxCheckNodes
        _ = CandidateSearch(snapshot: snapshot, question: resolved).forEach { number in
            guard isHeld(number, &budget) else { return budget == 0 }
            found = number
            return true
        }
        guard let found else { return nil }
        let edge = graph.capabilities[found].edge
        let window = graph.window(edge)
        let hasStart = graph.info[edge].flags.contains(.hasNotBefore)
        return DelegationStep(
            issuer: signer, audience: question.principal,
            capability: Capability(
                resource: question.resource, ability: question.ability, caveats: snapshot.capability(found).caveats),
            notBefore: hasStart ? Timestamp(microseconds: window.notBefore) : nil,
            expires: min(end, Timestamp(microseconds: window.expires)), proofs: [Snapshot.EdgeID(raw: edge)])
    }

    /// True where admission would take what rests on a capability: alive with all that its edge cites, with room for one
    /// more edge, to be handed on, and its caveats such that the same list is contained in them.
    private func isHeld(_ number: UInt32, _ budget: inout Int) -> Bool {
        let row = graph.capabilities[number]
        guard snapshot.isVisible(row.edge), !graph.info[row.edge].flags.contains(.terminal),
            !snapshot.isEnded(row.edge), snapshot.isInWindow(row.edge, at.microseconds),
            snapshot.searchRoute(from: number, at: at.microseconds, budget: &budget) == .live
        else { return false }
        let end = snapshot.walkAbove([row.edge], alreadySeen: 1) { above in
            snapshot.isEnded(above) ? .stop : .continue
        }
        guard end == .finished, let held = snapshot.caveats(of: row) else { return false }
        return held.failure(containing: held, for: .delegation, graph.families) == nil
    }

    private static func sum(_ microseconds: Int64, _ seconds: Int64) -> Int64 {
        let (length, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (end, isTooLate) = microseconds.addingReportingOverflow(length)
        return isTooLong || isTooLate ? .max : end
    }

    // MARK: one who manages the space changes it

    private func admission(to space: Space) -> (Fix?, Unfixable) {
        let number = snapshot.space(space)
        if viewer.knowsUnit, let number, snapshot.deletion(of: number) != nil { return (nil, .deleted) }
        guard let family = graph.families.family(of: question.resource),
            let step = family.admission(of: question, holding: held(in: space), graph.registry)
        else {
            let isNobody = question.principal == .anyone
            return (nil, isNobody ? .principalIsNobody : .noSingleStep)
        }
        var (effort, steps) = (1, [step])
        if viewer.isReader, let number, let ability = missingPolicy(of: step, in: number) {
            (effort, steps) = (2, [.setPolicy(space: space, ability: ability), step])
        }
        var managers = [space.owner]
        var more = 0
        if viewer.isReader, let managing = family.managing {
            let asked = WhoCanQuestion(ability: managing, resource: Resource(space: space))
            if let page = try? snapshot.whoCan(asked, after: nil, limit: Self.maxNamed * 2, now: at) {
                managers += page.rows.map(\.principal).filter { $0 != space.owner && $0 != question.principal }
                more = page.cursor == nil ? 0 : 1
            }
        }
        let named = managers.dropFirst().prefix(Self.maxNamed - 1)
        return (
            Fix(
                effort: effort, steps: steps, by: managers.first, alsoBy: Array(named),
                moreSigners: managers.count - 1 - named.count + more), .noSingleStep
        )
    }

    private func held(in space: Space) -> [Ability] {
        snapshot.memberships(of: question.principal, in: space, at: at).flatMap(\.abilities)
    }

    /// The ability that the list of the space's members would have to give before the step helps; nil where it does.
    private func missingPolicy(of step: FixStep, in space: UInt32) -> Ability? {
        guard case .putMember = step else { return nil }
        let policy = graph.registry.policy(of: graph.registry.number(question.ability.text))
        guard policy != 0 else { return nil }
        var cursor = graph.lists.cursor(EdgeLists.Key(.policyInSpace, UInt32(policy), space))
        while let edge = cursor.next() {
            if snapshot.isVisible(edge), !snapshot.isEnded(edge) { return nil }
        }
        return Ability(trusted: graph.registry.entries[Int(policy) - 1].ability)
    }

    // MARK: what the viewer may see

    /// True for a signer whom the viewer may see: whoever controls the resource, as its name says, and who stands in what
    /// the viewer issued, received or holds by.
    private func isVisible(_ signer: DID) -> Bool {
        guard case .party(let viewer, _) = viewer else { return true }
        if signer == question.resource.rootAuthority || signer == viewer { return true }
        guard let asker = snapshot.principal(viewer), let number = snapshot.principal(signer) else { return false }
        return misses.shown.contains { miss in
            graph.audience(miss.edge.raw) == asker
                && miss.route.contains { graph.issuer($0.raw) == number || graph.audience($0.raw) == number }
        }
    }
}
