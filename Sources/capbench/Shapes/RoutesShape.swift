import CapabilityGraph
import Multiformats
import UCAN

/// Every route of a leaf through layers of four, against one visit of each node and edge of its closure.
enum RoutesShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let (deepChain, deepFloor, deepNodes) = try measure(layers: 16, scale)
        let (halfChain, _, halfNodes) = try measure(layers: 8, scale)
        return [
            Measurement(
                shape: "routes-depth-16-fan-in-4", value: deepChain / 1000, floor: deepFloor / 1000, unit: "us",
                target: .atMost(5)),
            Measurement(
                shape: "routes-linear-in-nodes", value: deepChain / Double(deepNodes),
                floor: halfChain / Double(halfNodes), unit: "ns a node", target: .atMost(1.5)),
        ]
    }

    private static func measure(layers: Int, _ scale: Scale) throws -> (chain: Double, floor: Double, nodes: Int) {
        let families = try Families.standard()
        var limits = GraphLimits()
        limits.maxClosureNodes = 128
        let graph = try Graph(families: families, limits: limits)
        let writer = GraphWriter(graph)
        let width = 4
        var number = 0
        var above: [Multihash] = []
        var links: [[Int]] = []
        var leaf: Multihash?
        for layer in 0...layers {
            var current: [Multihash] = []
            for column in 0..<(layer == layers ? 1 : width) {
                let id = Multihash(code: .blake3_256, digest: ChainWorld.digest(number, 21))
                let statement = EdgeStatement(
                    id: id, statementID: ChainWorld.digest(number, 22), kind: layer == 0 ? .cacao : .ucan,
                    issuer: layer == 0 ? ChainWorld.owner(0) : ChainWorld.principal(0, layer - 1),
                    audience: ChainWorld.principal(0, layer),
                    capabilities: [
                        Capability(
                            resource: ChainWorld.resource(0, "p"), ability: Ability(literal: "tinycloud.kv/get"))
                    ], expires: Timestamp(seconds: 1_900_000_000), proofs: above)
                guard case .admitted = try writer.admit(statement, at: ChainWorld.now) else {
                    preconditionFailure("layer \(layer) column \(column) was refused")
                }
                links.append(above.isEmpty ? [] : Array((number - column - width)..<(number - column)))
                current.append(id)
                number += 1
                leaf = id
            }
            above = current
        }
        writer.commit()
        let snapshot = graph.snapshot()
        guard let leaf, let edge = snapshot.edge(leaf) else { preconditionFailure("the leaf is missing") }
        let chain = Stopwatch.best(of: scale.runs * 8) {
            for _ in 0..<64 { keep(snapshot.chain(of: edge)?.edges.count) }
        }
        precondition(snapshot.chain(of: edge)?.edges.count == number)
        // The floor: the same closure as lists of neighbours, each node and link touched once.
        var seen = [Bool](repeating: false, count: number)
        var stack: [Int] = []
        let floor = Stopwatch.best(of: scale.runs * 8) {
            for _ in 0..<64 {
                for index in seen.indices { seen[index] = false }
                stack.append(number - 1)
                seen[number - 1] = true
                var visited = 0
                while let node = stack.popLast() {
                    visited += 1
                    for next in links[node] where !seen[next] {
                        seen[next] = true
                        stack.append(next)
                    }
                }
                keep(visited)
            }
        }
        return (chain / 64, floor / 64, number)
    }
}
