/// Every route from an edge to its roots, as one list in which each edge stands before its parents.
public struct Chain: Sendable {
    /// Leaf first, each once; among edges that could come next the one with the smallest id does.
    public let edges: [Snapshot.EdgeID]
}

extension Snapshot {
    /// Orders the whole closure of an edge; nil when it is larger than the limits allow (never cut short).
    public func chain(of leaf: EdgeID) -> Chain? {
        var nodes: [UInt32] = []
        let end = walkClosure(of: leaf.raw) { node in
            nodes.append(node)
            return .continue
        }
        guard end == .finished else { return nil }
        if nodes.count <= 2 { return Chain(edges: nodes.map(EdgeID.init(raw:))) }
        let position = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($0.element, $0.offset) })
        var waiting = [Int](repeating: 0, count: nodes.count)
        for node in nodes {
            for proof in proofs(of: node) { if let index = position[proof] { waiting[index] += 1 } }
        }
        var ready = [leaf.raw]
        var ordered: [EdgeID] = []
        ordered.reserveCapacity(nodes.count)
        while let node = ready.popLast() {
            ordered.append(EdgeID(raw: node))
            var freed = false
            for proof in proofs(of: node) {
                guard let index = position[proof] else { continue }
                waiting[index] -= 1
                if waiting[index] == 0 {
                    ready.append(proof)
                    freed = true
                }
            }
            // Largest first, so that the smallest id is taken next.
            if freed, ready.count > 1 { ready.sort { graph.ids[$0] > graph.ids[$1] } }
        }
        return Chain(edges: ordered)
    }

    func proofs(of edge: UInt32) -> [UInt32] {
        let info = graph.info[edge]
        if info.proofCount == 1 { return [info.proof] }
        return (0..<UInt32(info.proofCount)).map { graph.proofs[info.proof + $0] }
    }

    /// True when some capability of the edge lies in the space.
    public func touches(_ edge: EdgeID, _ space: Space) -> Bool {
        guard let number = self.space(space) else { return false }
        return capabilities(of: edge.raw).contains {
            graph.resources.row(graph.capabilities[$0].resource).space == number + 1
        }
    }
}
