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
        let read = dependentRead(edges: scale.edges, scale)
        let before = capAllocationCount()
        keep(ask(large.questions, large.world.graph.snapshot()))
        let allocations = capAllocationCount() - before
        return [
            Measurement(
                shape: "check-warm-depth-4", value: largeNanoseconds, floor: read * Double(dependentReads), unit: "ns",
                target: .atMost(3)),
            Measurement(
                shape: "check-1M-against-1k", value: largeNanoseconds, floor: smallNanoseconds, unit: "ns",
                target: .atMost(4),
                note: "cache misses are the floor: four dependent ones take \(Int((4 * read).rounded())) ns"),
            // One is added to both, so that none is a ratio of one.
            Measurement(
                shape: "check-allocations", value: Double(allocations) + 1, floor: 1, unit: "allocations+1",
                target: .atMost(1)),
        ]
    }

    /// What the walk reads one after the other: the slot, the path by which the capability found there is known, and for
    /// each of four edges its capability and its row.
    static let dependentReads = 2 + 2 * ChainWorld.depth

    /// Bytes of columns a check reads for each edge: row 32, capability 32, slot 7, path 21.
    static let bytesPerEdge = 92

    /// So many questions that one run over them does not find the last one's lines in the processor's caches.
    static let questionCount = 1 << 16

    /// So few of them that they stay in the caches while they are asked, and so many that reading the clock costs nothing.
    static let questionsAtHand = 256

    private static func world(_ edges: Int) throws -> (world: ChainWorld, questions: [ResolvedQuestion]) {
        let world = try ChainWorld(edges: edges)
        let snapshot = world.graph.snapshot()
        var random = BenchRandom()
        let questions = (0..<questionCount).map { _ in
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
        var best = Double.infinity
        for _ in 0..<scale.runs {
            var nanoseconds = 0.0
            for start in stride(from: 0, to: questionCount, by: questionsAtHand) {
                // Whoever asks has just made its question: a copy has touched all that belongs to one.
                let questions = Array(made.questions[start..<start + questionsAtHand])
                let begun = Stopwatch.threadNanoseconds()
                keep(ask(questions, snapshot))
                nanoseconds += Stopwatch.threadNanoseconds() - begun
            }
            best = min(best, nanoseconds)
        }
        return best / Double(questionCount)
    }

    /// Nanoseconds of one read in a random cycle through an array as large as the columns that a check reads.
    private static func dependentRead(edges: Int, _ scale: Scale) -> Double {
        let stride = bytesPerEdge / MemoryLayout<UInt32>.stride
        var order = Array(0..<UInt32(edges))
        var random = BenchRandom()
        order.shuffle(using: &random)
        let rows = UnsafeMutablePointer<UInt32>.allocate(capacity: edges * stride)
        rows.initialize(repeating: 0, count: edges * stride)
        defer { rows.deallocate() }
        for index in 0..<edges { rows[Int(order[index]) * stride] = order[(index + 1) % edges] }
        let nanoseconds = Stopwatch.best(of: scale.runs) {
            // One walk goes on where the last one ended, so that no read is begun before the one it depends on.
            var current = order[0]
            for _ in 0..<questionCount * dependentReads { current = rows[Int(current) * stride] }
            keep(current)
        }
        return nanoseconds / Double(questionCount * dependentReads)
    }
}
