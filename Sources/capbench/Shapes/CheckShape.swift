import CAllocationCount
import CapabilityGraph
import UCAN

/// A warm check of a chain of four among many edges, against as many dependent random reads.
enum CheckShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let large = try world(scale.edges)
        let small = try world(1000)
        let largeNanoseconds = time(large, scale)
        let smallNanoseconds = time(small, scale)
        let floor = floorNanoseconds(edges: scale.edges, scale)
        let before = capAllocationCount()
        keep(ask(large.questions, large.world.graph.snapshot()))
        let allocations = capAllocationCount() - before
        return [
            Measurement(
                shape: "check-warm-depth-4", value: largeNanoseconds, floor: floor, unit: "ns", target: .atMost(3)),
            Measurement(
                shape: "check-1M-against-1k", value: largeNanoseconds, floor: smallNanoseconds, unit: "ns",
                target: .atMost(2)),
            // One is added to both, so that none is a ratio of one.
            Measurement(
                shape: "check-allocations", value: Double(allocations) + 1, floor: 1, unit: "allocations+1",
                target: .atMost(1)),
        ]
    }

    /// What the walk reads one after the other: the resource's slot and row, the group's slot, and for each of four
    /// edges its capability and its window.
    static let dependentReads = 3 + 2 * ChainWorld.depth

    private static func world(_ edges: Int) throws -> (world: ChainWorld, questions: [ResolvedQuestion]) {
        let world = try ChainWorld(edges: edges)
        let snapshot = world.graph.snapshot()
        var random = BenchRandom()
        let questions = (0..<4096).map { _ in
            let chain = Int(random.next() % UInt64(world.chains))
            return snapshot.resolve(
                CheckQuestion(
                    principal: ChainWorld.principal(chain / ChainWorld.sharing, ChainWorld.depth - 1),
                    ability: Ability(literal: "tinycloud.kv/get"),
                    resource: ChainWorld.resource(chain / ChainWorld.chainsPerOwner, "c\(chain)/a/b/c")))
        }
        return (world, questions)
    }

    @inline(never)
    private static func ask(_ questions: [ResolvedQuestion], _ snapshot: Snapshot) -> Int {
        var allowed = 0
        for question in questions {
            if case .allowed = snapshot.verdict(question, at: ChainWorld.now) { allowed += 1 }
        }
        precondition(allowed == questions.count, "a benchmark check was refused")
        return allowed
    }

    private static func time(_ made: (world: ChainWorld, questions: [ResolvedQuestion]), _ scale: Scale) -> Double {
        let snapshot = made.world.graph.snapshot()
        let nanoseconds = Stopwatch.best(of: scale.runs) { keep(ask(made.questions, snapshot)) }
        return nanoseconds / Double(made.questions.count)
    }

    /// Follows a random cycle through an array of as many rows as there are edges, each row of a row's size.
    private static func floorNanoseconds(edges: Int, _ scale: Scale) -> Double {
        struct Row {
            var next: UInt32
            var rest: (UInt32, UInt32, UInt32, UInt64) = (0, 0, 0, 0)
        }
        var order = Array(0..<UInt32(edges))
        var random = BenchRandom()
        order.shuffle(using: &random)
        var rows = [Row](repeating: Row(next: 0), count: edges)
        for index in 0..<edges { rows[Int(order[index])].next = order[(index + 1) % edges] }
        let walks = 4096
        let nanoseconds = Stopwatch.best(of: scale.runs) {
            var sum: UInt32 = 0
            for walk in 0..<walks {
                var current = order[(walk * 7919) % edges]
                for _ in 0..<dependentReads { current = rows[Int(current)].next }
                sum &+= current
            }
            keep(sum)
        }
        return nanoseconds / Double(walks)
    }
}
