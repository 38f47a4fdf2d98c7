/// Every route from an edge to its roots, as one list in which each edge stands before its parents.
public struct Chain: Sendable {
    /// Leaf first, each once; among edges that could come next the one with the smallest id does.
    public let edges: [Snapshot.EdgeID]
}

extension Snapshot {
    /// Orders the whole closure of an edge; nil when it is larger than the limits allow (never cut short).
    public func chain(of leaf: EdgeID) -> Chain? {
        let capacity = graph.limits.maxClosureNodes + 1
        return withUnsafeTemporaryAllocation(of: UInt32.self, capacity: NodeSet.slotCount(for: capacity)) { slots in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2 * capacity) { room in
                withUnsafeTemporaryAllocation(of: ReadyEdges.Entry.self, capacity: capacity) { heap in
                    let nodes = UnsafeMutableBufferPointer(rebasing: room[..<capacity])
                    let waiting = UnsafeMutableBufferPointer(rebasing: room[capacity...])
                    var numbering = NodeNumbering(slots: slots, nodes: nodes)
                    guard countCiters(of: leaf.raw, &numbering, waiting) else { return nil }
                    return Chain(edges: order(&numbering, waiting, ReadyEdges(room: heap, ids: graph.ids)))
                }
            }
        }
    }

    /// Numbers the closure level by level and counts for each node the nodes that cite it; false when it is too large.
    private func countCiters(
        of leaf: UInt32, _ numbering: inout NodeNumbering, _ waiting: UnsafeMutableBufferPointer<UInt32>
    ) -> Bool {
        waiting.initialize(repeating: 0)
        guard numbering.number(leaf) != nil else { return false }
        var position = 0
        while position < numbering.count {
            let info = graph.info[numbering[position]]
            for offset in 0..<UInt32(info.proofCount) {
                guard let proof = numbering.number(graph.proof(offset, of: info)) else { return false }
                waiting[proof] += 1
            }
            position += 1
        }
        return true
    }

    /// Takes the smallest edge whose citers were all taken, until none is left.
    private func order(
        _ numbering: inout NodeNumbering, _ waiting: UnsafeMutableBufferPointer<UInt32>, _ ready: ReadyEdges
    ) -> [EdgeID] {
        var ready = ready
        ready.insert(numbering[0])
        return [EdgeID](unsafeUninitializedCapacity: numbering.count) { ordered, count in
            while let node = ready.popSmallest() {
                ordered.initializeElement(at: count, to: EdgeID(raw: node))
                count += 1
                let info = graph.info[node]
                for offset in 0..<UInt32(info.proofCount) {
                    let proof = graph.proof(offset, of: info)
                    guard let position = numbering.number(proof) else { continue }
                    waiting[position] -= 1
                    if waiting[position] == 0 { ready.insert(proof) }
                }
            }
        }
    }

    /// True when some capability of the edge lies in the space.
    public func touches(_ edge: EdgeID, _ space: Space) -> Bool {
        guard let number = self.space(space) else { return false }
        return capabilities(of: edge.raw).contains {
            graph.resources.row(graph.capabilities[$0].resource).space == number + 1
        }
    }
}
