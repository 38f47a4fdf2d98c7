/// What became of a bounded search for a live route.
enum RouteSearch { case live, dead, budgetExhausted }

extension Snapshot {
    /// Searches a path of live edges from a capability to a root (design law 2), spending one unit of `budget` per
    /// capability visited. Allocates nothing while chains are lines.
    @inline(__always)
    func searchRoute(
        from start: UInt32, at: Int64, budget: inout Int, ignoringPolicies: Bool = false
    ) -> RouteSearch {
        // The windows of what a capability rests on contain its own (admission, step 5), and what it rests on was
        // admitted before it. So one look at the window and the revision of the first edge is enough for all.
        var current = start
        let first = graph.capabilities[start].edge
        guard isVisible(first), isInWindow(first, at) else { return .dead }
        while true {
            if budget == 0 { return .budgetExhausted }
            budget -= 1
            let row = graph.capabilities[current]
            guard !isEnded(row.edge), ignoringPolicies || row.policy == 0 || policyEdge(of: row) != nil
            else { return .dead }
            if row.isRoot { return .live }
            switch row.supportCount {
            case 0: return .dead
            case 1: current = row.support
            default:
                return searchBranches(from: current, at: at, budget: &budget, ignoringPolicies: ignoringPolicies)
            }
        }
    }

    /// Depth-first search over shared supports; a capability found dead once is not visited again.
    private func searchBranches(
        from start: UInt32, at: Int64, budget: inout Int, ignoringPolicies: Bool
    ) -> RouteSearch {
        let limit = budget
        var remaining = budget
        let result = withUnsafeTemporaryAllocation(
            of: UInt32.self, capacity: NodeSet.slotCount(for: limit + 1)
        ) { slots in
            var seen = NodeSet(slots: slots)
            var stack: [UInt32] = [start]
            _ = seen.insert(start)
            while let current = stack.popLast() {
                let row = graph.capabilities[current]
                guard !isEnded(row.edge), ignoringPolicies || row.policy == 0 || policyEdge(of: row) != nil
                else { continue }
                if row.isRoot { return RouteSearch.live }
                if row.supportCount == 1 {
                    if seen.insert(row.support) {
                        guard remaining > 0 else { return .budgetExhausted }
                        remaining -= 1
                        stack.append(row.support)
                    }
                    continue
                }
                for offset in (0..<UInt32(row.supportCount)).reversed() {
                    let support = graph.supports[row.support + offset]
                    guard seen.insert(support) else { continue }
                    guard remaining > 0 else { return .budgetExhausted }
                    remaining -= 1
                    stack.append(support)
                }
            }
            return .dead
        }
        budget = remaining
        return result
    }

    /// The edge by which the list of a space's members may give what a membership's capability says; nil while no policy
    /// lets it. The space's authority states it, so it rests on nothing further.
    func policyEdge(of row: CapabilityRow) -> UInt32? {
        newestPolicyEdge(of: row).flatMap { isEnded($0) ? nil : $0 }
    }

    /// The newest edge that said what the list may give, ended or not: there is no second one while it stands.
    func newestPolicyEdge(of row: CapabilityRow) -> UInt32? {
        let space = graph.resources.row(row.resource).space
        guard row.policy != 0, space != 0 else { return nil }
        var cursor = graph.lists.cursor(EdgeLists.Key(.policyInSpace, UInt32(row.policy), space - 1))
        while let edge = cursor.next() {
            if isVisible(edge) { return edge }
        }
        return nil
    }

    /// The supporting capabilities of a capability.
    func supports(of capability: UInt32) -> [UInt32] {
        let row = graph.capabilities[capability]
        switch row.supportCount {
        case 0: return []
        case 1: return [row.support]
        default: return (0..<UInt32(row.supportCount)).map { graph.supports[row.support + $0] }
        }
    }

    /// The capabilities of an edge in signed order.
    func capabilities(of edge: UInt32) -> Range<UInt32> { graph.capabilities(of: edge) }
}
