import Multiformats
public import UCAN

extension Snapshot {
    /// The smallest fixes of a refused question, the least effort first. `misses` are those of the same question, and
    /// `decision` is the answer as the viewer is told it, where that is not the whole.
    ///
    /// Nothing is offered that the one who would sign does not hold, or that the principal holds already, and nobody and
    /// nothing is named that the viewer may not see.
    public func fixes(
        _ question: CheckQuestion, _ decision: Decision? = nil, after misses: Misses, at: Timestamp,
        for viewer: QuestionViewer = .reader, lifetime: Int64 = Fix.usualLifetime
    ) -> Fixes {
        if case .undetermined = decision ?? answer(question, at: at) { return Fixes([], else: .undetermined) }
        var search = FixSearch(
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
    let resolved: ResolvedQuestion
    /// What the use lacks, whoever holds the right; nil for a viewer that may not know of the unit, too.
    let remedy: Remedy?
    /// True where the right is held, so that the remedy alone is wanting.
    let isHeldAlready: Bool
    let projection: Projection
    /// What the principal can do alone, and who else can do something, are looked for within a bound each.
    var ownBudget: QuestionBudget
    var budget: QuestionBudget

    static let maxNamed = 8

    var graph: Graph { snapshot.graph }

    init(
        snapshot: Snapshot, question: CheckQuestion, misses: Misses, at: Timestamp, viewer: QuestionViewer,
        lifetime: Int64
    ) {
        (self.snapshot, self.question, self.misses) = (snapshot, question, misses)
        (self.at, self.viewer, self.lifetime) = (at, viewer, lifetime)
        resolved = snapshot.resolve(question)
        remedy = viewer.knowsUnit ? snapshot.remedy(of: question, at: at) : nil
        isHeldAlready = remedy != nil && snapshot.check(question, at: at).isAllowed
        var projection = Projection(snapshot, viewer)
        projection.add(misses.shown)
        self.projection = projection
        ownBudget = QuestionBudget(snapshot.graph.limits.maxCheckNodes)
        budget = ownBudget
    }

    mutating func fixes() -> Fixes {
        let limit = ownBudget.left + budget.left
        var found = [ownEffort()].compactMap { $0 }
        let fix: Fix?
        let reason: Unfixable
        if let space = question.resource.space, space.rules.contains(.admitsOthers) {
            (fix, reason) = admission(to: space)
        } else {
            (fix, reason) = delegation()
        }
        if let fix, !found.contains(where: { $0.effort == fix.effort }) { found.append(fix) }
        let isComplete = ownBudget.left > 0 && budget.left > 0 && fix?.capped == nil
        return Fixes(found, else: reason, isComplete: isComplete, visited: limit - ownBudget.left - budget.left)
    }

    /// The steps that a use takes whoever holds the right, without what the viewer may not see.
    var stepsOfUse: [FixStep] {
        (remedy?.steps ?? []).map { step in
            guard case .say(let member, _) = step, !viewer.isReader else { return step }
            return .say(member: member, values: [])
        }
    }

    // MARK: nobody else has to do anything

    /// What the asker can do alone: say by which caveats it is bound, wait, or both.
    private mutating func ownEffort() -> Fix? {
        guard resolved.isKnown, remedy == nil else { return nil }
        var best: (steps: [FixStep], until: Timestamp)?
        var budget = ownBudget
        _ = CandidateSearch(snapshot: snapshot, question: resolved, ignoresCaveats: true).forEach { number in
            guard budget.spend(snapshot.weight(of: number)) else { return true }
            guard let found = ownEffort(by: number, &budget) else { return false }
            if best.map({ (found.steps.count, found.until) < ($0.steps.count, $0.until) }) ?? true { best = found }
            // Nothing is less than one step that can be taken now.
            return found.steps.count == 1 && found.until == at
        }
        ownBudget = budget
        guard let best else { return nil }
        var asked = question
        for case .context(let caveats) in best.steps {
            asked.context = asked.context ?? CheckContext()
            asked.context?.caveats = caveats
        }
        guard snapshot.answer(asked, at: best.until).isAllowed else { return nil }
        return Fix(steps: best.steps)
    }

    private func ownEffort(by number: UInt32, _ budget: inout QuestionBudget) -> (steps: [FixStep], until: Timestamp)? {
        let row = graph.capabilities[number]
        guard snapshot.isVisible(row.edge), !snapshot.isEnded(row.edge) else { return nil }
        let until = max(at, Timestamp(microseconds: graph.window(row.edge).notBefore))
        guard snapshot.searchRoute(from: number, at: until.microseconds, budget: &budget.left) == .live else {
            return nil
        }
        var steps: [FixStep] = []
        if snapshot.caveatFailure(row, resolved.use) != nil {
            guard let held = snapshot.caveats(of: row), !held.isEmpty else { return nil }
            var context = question.context ?? CheckContext()
            context.caveats = held
            let use = CaveatUse(ability: question.ability, resource: question.resource, context: context)
            guard snapshot.caveatFailure(row, use) == nil else { return nil }
            steps.append(.context(held))
        }
        if until > at { steps.append(.wait(until: until)) }
        return steps.isEmpty ? nil : (steps, until)
    }

    static func isNamedByDID(_ principal: DID) -> Bool { principal.text.utf8.starts(with: "did:".utf8) }
}
