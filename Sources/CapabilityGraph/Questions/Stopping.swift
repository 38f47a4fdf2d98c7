public import UCAN

/// What has to be ended so that nothing allows a question any more: the edges nearest to the principal, since to end
/// those hurts nobody else.
public struct Stopping: Sendable {
    /// The edges, in the order in which they would decide.
    public let edges: [Snapshot.EdgeID]
    /// True where the principal needs no edge: it controls the resource, or what it asks for is its own.
    public let isOwn: Bool
    /// True where some of the edges serve others too: they were made for anyone, for members as such, or for another space.
    public let servesOthers: Bool
    /// The ways by which the question is allowed now, the deciding one first, each from its edge to the root; at most 17.
    public let ways: [[RouteStep]]
    /// How many ways were found beyond those.
    public let moreWays: Int
    /// False where further ways may be left once these are gone; to be asked again then.
    public let isComplete: Bool
}

extension Snapshot {
    /// What stops an allowance, of which the viewer was told; nil for a question that is not allowed. Who may not know of
    /// the unit is told of its own edges alone.
    public func stopping(_ question: CheckQuestion, at: Timestamp, for viewer: QuestionViewer = .reader) -> Stopping? {
        guard case .allow(let allowance) = answer(question, at: at) else { return nil }
        let resolved = resolve(question)
        if resolved.isAuthority || resolved.isOwn {
            return Stopping(edges: [], isOwn: true, servesOthers: false, ways: [], moreWays: 0, isComplete: true)
        }
        var search = StopSearch(snapshot: self, at: at)
        if resolved.isKnown { search.takeOwn(resolved) }
        if resolved.rules.contains(.admitsOthers), resolved.hasKnownResource, viewer.knowsUnit {
            // The gate stops at the first of these that allows; each is a way of its own.
            let anyone = principal(.anyone)
            let isSomebody = resolved.principal != ResolvedQuestion.nobody
            if isSomebody, resolved.principal != anyone { search.takeAsMember(resolved) }
            if let anyone, anyone != resolved.principal { search.takeAnyones(resolved.asked(by: anyone)) }
            if isSomebody { search.takeThroughSpaces(resolved) }
        }
        return search.stopping(decidedBy: allowance.route)
    }
}

/// One search for all ways by which a question is allowed.
private struct StopSearch {
    let snapshot: Snapshot
    let at: Timestamp
    private var budget: QuestionBudget
    private var edges: [UInt32] = []
    private var taken: Set<UInt32> = []
    /// The capabilities by which each edge to be ended counts.
    private var candidates: [UInt32: [UInt32]] = [:]
    /// Each from the principal's own capability to the last one of the asked space; the first of them.
    private var paths: [[UInt32]] = []
    private var pathCount = 0
    private var servesOthers = false
    private var isWhole = true

    private static let maxWays = 17

    private var graph: Graph { snapshot.graph }

    init(snapshot: Snapshot, at: Timestamp) {
        self.snapshot = snapshot
        self.at = at
        // As much as the gate may look at for itself, for members as such, for anyone, and through spaces.
        budget = QuestionBudget(snapshot.graph.limits.maxCheckNodes * 4)
    }

    // MARK: ways

    mutating func takeOwn(_ question: ResolvedQuestion) {
        for number in live(question) { take(number, by: [number]) }
    }

    mutating func takeAnyones(_ question: ResolvedQuestion) {
        for number in live(question) {
            take(number, by: [number])
            servesOthers = true
        }
    }

    /// What members as such may goes with belonging to the space: by an edge of its own, or through a member space.
    mutating func takeAsMember(_ question: ResolvedQuestion) {
        guard question.space != 0,
            let members = graph.terms.find(.principal, graph.terms.bytes(graph.spaces.row(question.space - 1).text))
        else { return }
        let given = live(question.asked(by: members))
        guard let first = given.first else { return }
        let belonging = question.belonging(in: graph)
        let own = live(belonging)
        let (through, owned) = inner(belonging)
        for path in own.map({ [$0] }) + through + owned { note(path + [first]) }
        if owned.isEmpty {
            for number in own + through.compactMap(\.first) { add(number) }
        } else {
            // Who owns a member space belongs there without an edge: then the members' edge is what there is to end.
            for number in given { add(number) }
            servesOthers = true
        }
    }

    mutating func takeThroughSpaces(_ question: ResolvedQuestion) {
        let (through, owned) = inner(question)
        for path in through { if let first = path.first { take(first, by: path) } }
        for path in owned {
            guard let first = path.first else { continue }
            take(first, by: path)
            // The member space may be reached by a longer way, which shows when this one is gone.
            (servesOthers, isWhole) = (true, false)
        }
    }

    /// The capabilities that answer a question and are live, in the order of the gate.
    private mutating func live(_ question: ResolvedQuestion) -> [UInt32] {
        guard question.isKnown else { return [] }
        var found: [UInt32] = []
        isWhole = snapshot.live(question, at, &budget) { found.append($0) } && isWhole
        return found
    }

    /// The ways through each space whose members count: by what the principal holds there, and where it owns one.
    private mutating func inner(_ question: ResolvedQuestion) -> (through: [[UInt32]], owned: [[UInt32]]) {
        var (through, owned) = ([[UInt32]](), [[UInt32]]())
        var (left, isAll) = (budget.left, true)
        let isWalked = snapshot.walkMemberSpaces(of: question, at: at, &left) { reached, inner, left in
            let hops = snapshot.hops(reached)
            if graph.spaces.row(inner.space - 1).owner == question.principal { owned.append(hops) }
            guard inner.isKnown else { return true }
            var budget = QuestionBudget(left)
            isAll = snapshot.live(inner, at, &budget) { through.append([$0] + hops) } && isAll
            left = budget.left
            return true
        }
        budget.left = left
        isWhole = isWhole && isAll && isWalked
        return (through, owned)
    }

    private mutating func take(_ number: UInt32, by path: [UInt32]) {
        add(number)
        note(path)
    }

    private mutating func add(_ number: UInt32) {
        let edge = graph.capabilities[number].edge
        if taken.insert(edge).inserted { edges.append(edge) }
        candidates[edge, default: []].append(number)
    }

    private mutating func note(_ path: [UInt32]) {
        pathCount += 1
        if paths.count < Self.maxWays { paths.append(path) }
    }

    // MARK: what is needed

    mutating func stopping(decidedBy route: [RouteStep]) -> Stopping {
        let needed = needed()
        var ways = paths.map { path in path.flatMap { snapshot.liveRoute(from: $0, at: at.microseconds) } }
        // What was allowed by nothing of this, as by another host's word, does not stop with it.
        let isFound = ways.contains(route)
        if let place = ways.firstIndex(of: route) { ways.remove(at: place) }
        ways = [route] + ways.prefix(Self.maxWays - 1)
        return Stopping(
            edges: needed.map(Snapshot.EdgeID.init(raw:)), isOwn: false, servesOthers: servesOthers, ways: ways,
            moreWays: pathCount - (isFound ? 1 : 0) - (ways.count - 1), isComplete: isWhole && isFound)
    }

    /// Those of the edges by which a way is left when all others of them are ended: what only rests on the others goes with
    /// them.
    private mutating func needed() -> [UInt32] {
        var kept = taken
        for edge in edges where kept.count > 1 {
            kept.remove(edge)
            let numbers = candidates[edge] ?? []
            if numbers.contains(where: { hasLiveRoute(from: $0, avoiding: kept) }) { kept.insert(edge) }
        }
        return edges.filter(kept.contains)
    }

    /// True where a live way leads from a capability to a root over none of these edges; true as well where that is not
    /// found out within the bound, so that an edge too many is named and never one too few.
    private mutating func hasLiveRoute(from start: UInt32, avoiding edges: Set<UInt32>) -> Bool {
        var seen: Set<UInt32> = [start]
        var stack = [start]
        while let current = stack.popLast() {
            guard budget.spend() else {
                isWhole = false
                return true
            }
            let row = graph.capabilities[current]
            guard !edges.contains(row.edge), snapshot.defect(of: row, at: at.microseconds) == nil else { continue }
            if row.isRoot { return true }
            for support in snapshot.supports(of: current) where seen.insert(support).inserted {
                stack.append(support)
            }
        }
        return false
    }
}

extension Snapshot {
    /// Calls `body` for each live capability that answers a question; false when the budget ran out.
    fileprivate func live(
        _ question: ResolvedQuestion, _ at: Timestamp, _ budget: inout QuestionBudget, _ body: (UInt32) -> Void
    ) -> Bool {
        var left = budget.left
        let end = CandidateSearch(snapshot: self, question: question).forEach { number in
            switch searchRoute(from: number, at: at.microseconds, budget: &left) {
            case .live: body(number)
            case .dead: break
            case .budgetExhausted: return true
            }
            return false
        }
        budget.left = left
        if case .finished = end { return true }
        return false
    }
}
