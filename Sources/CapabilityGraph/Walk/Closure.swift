/// What a walk over the proofs above some edges may be told to do next.
enum WalkStep { case `continue`, stop }

/// How a bounded walk ended.
enum WalkEnd { case finished, stopped, limitExceeded }

extension Snapshot {
    /// Visits the edge and every edge above it once, nearest first, at most `limits.maxClosureNodes` above it.
    func walkClosure(of edge: UInt32, includingSelf: Bool = true, _ visit: (UInt32) -> WalkStep) -> WalkEnd {
        // Most chains are a line: follow it without a set.
        var current = edge
        var depth = 0
        let limit = graph.limits.maxClosureNodes
        if includingSelf, case .stop = visit(current) { return .stopped }
        while true {
            let info = graph.info[current]
            if info.proofCount == 0 { return .finished }
            if info.proofCount > 1 { break }
            current = info.proof
            depth += 1
            if depth > limit { return .limitExceeded }
            if case .stop = visit(current) { return .stopped }
        }
        return walkAbove([current], alreadySeen: depth, visit)
    }

    /// Visits every edge above the given ones once, level by level; the given ones are not visited.
    func walkAbove(_ start: [UInt32], alreadySeen: Int, _ visit: (UInt32) -> WalkStep) -> WalkEnd {
        let limit = graph.limits.maxClosureNodes - alreadySeen + start.count
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: NodeSet.slotCount(for: limit + 1)) { slots in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: limit + 1) { queue in
                var seen = NodeSet(slots: slots)
                var tail = 0
                for edge in start where seen.insert(edge) {
                    if tail >= limit { return .limitExceeded }
                    queue[tail] = edge
                    tail += 1
                }
                var head = 0
                while head < tail {
                    let info = graph.info[queue[head]]
                    head += 1
                    for offset in 0..<UInt32(info.proofCount) {
                        let proof = graph.proof(offset, of: info)
                        guard seen.insert(proof) else { continue }
                        if tail >= limit { return .limitExceeded }
                        if case .stop = visit(proof) { return .stopped }
                        queue[tail] = proof
                        tail += 1
                    }
                }
                return .finished
            }
        }
    }
}
