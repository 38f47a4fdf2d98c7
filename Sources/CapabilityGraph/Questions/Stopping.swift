public import UCAN

/// What has to be ended so that nothing allows a question any more: the edges nearest to the principal, since to end
/// those hurts nobody else.
public struct Stopping: Sendable {
    /// The edges, in the order in which they would decide.
    public let edges: [Snapshot.EdgeID]
    /// True where the principal needs no edge: it controls the resource, or what it asks for is its own.
    public let isOwn: Bool
    /// True where some of the edges serve others too: they were made for anyone, or for members as such.
    public let servesOthers: Bool
    /// The ways by which the question is allowed now, the deciding one first, each from its edge to the root; at most 17.
    public let ways: [[RouteStep]]
    /// How many ways were found beyond those.
    public let moreWays: Int
    /// False where further ways may be left once these are gone; to be asked again then.
    public let isComplete: Bool
}

extension Snapshot {
    private static let maxWays = 17

    /// What stops an allowance; nil for a question that is not allowed.
    public func stopping(_ question: CheckQuestion, at: Timestamp) -> Stopping? {
        guard answer(question, at: at).isAllowed else { return nil }
        let resolved = resolve(question)
        var edges: [EdgeID] = []
        var ways: [[RouteStep]] = []
        var wayCount = 0
        var candidates: [UInt32] = []
        var isComplete = true
        var servesOthers = false
        func take(_ path: [UInt32]) {
            guard let first = path.first else { return }
            let edge = EdgeID(raw: graph.capabilities[first].edge)
            if !edges.contains(edge) { edges.append(edge) }
            wayCount += 1
            guard ways.count < Self.maxWays else { return }
            ways.append(path.flatMap { liveRoute(from: $0, at: at.microseconds) })
        }
        func takeLive(_ asked: ResolvedQuestion) {
            var budget = graph.limits.maxCheckNodes
            let end = CandidateSearch(snapshot: self, question: asked).forEach { number in
                switch searchRoute(from: number, at: at.microseconds, budget: &budget) {
                case .live:
                    candidates.append(number)
                    take([number])
                case .dead: break
                case .budgetExhausted: return true
                }
                return false
            }
            if case .finished = end {} else { isComplete = false }
        }
        if resolved.isAuthority || resolved.isOwn {
            return Stopping(
                edges: [], isOwn: true, servesOthers: false, ways: [], moreWays: 0, isComplete: true)
        }
        if resolved.isKnown { takeLive(resolved) }
        if resolved.rules.contains(.admitsOthers), resolved.hasKnownResource {
            if let anyone = principal(.anyone), anyone != resolved.principal {
                let count = edges.count
                takeLive(resolved.asked(by: anyone))
                servesOthers = edges.count > count
            }
            var budget = graph.limits.maxCheckNodes
            // Which other ways through spaces there are shows when this one is gone.
            if case .allowedThroughSpaces(let path) = verdictThroughOthers(resolved, at: at, &budget) {
                if let first = path.first { candidates.append(first) }
                take(path)
                isComplete = false
            }
        }
        edges = needed(edges, of: candidates, at: at.microseconds)
        return Stopping(
            edges: edges, isOwn: false, servesOthers: servesOthers, ways: ways, moreWays: wayCount - ways.count,
            isComplete: isComplete)
    }

    /// Those of some edges by which a way is left when all others of them are ended: what only rests on the others goes
    /// with them.
    private func needed(_ edges: [EdgeID], of candidates: [UInt32], at: Int64) -> [EdgeID] {
        var kept = Set(edges.map(\.raw))
        for edge in edges where kept.count > 1 {
            let others = kept.subtracting([edge.raw])
            let isNeeded = candidates.contains { number in
                graph.capabilities[number].edge == edge.raw && hasLiveRoute(from: number, avoiding: others, at: at)
            }
            if !isNeeded { kept = others }
        }
        return edges.filter { kept.contains($0.raw) }
    }

    /// True where a live way leads from a capability to a root over none of these edges; true as well where that is not
    /// found out within the bound of a check, so that an edge too many is named and never one too few.
    private func hasLiveRoute(from start: UInt32, avoiding edges: Set<UInt32>, at: Int64) -> Bool {
        var seen: Set<UInt32> = [start]
        var stack = [start]
        while let current = stack.popLast() {
            guard seen.count <= graph.limits.maxCheckNodes else { return true }
            let row = graph.capabilities[current]
            guard !edges.contains(row.edge), defect(of: row, at: at) == nil else { continue }
            if row.isRoot { return true }
            for support in supports(of: current) where seen.insert(support).inserted { stack.append(support) }
        }
        return false
    }
}
