import CapTesting
import CapabilityGraph
import Glibc
import Multiformats
import Synchronization
import Testing
import UCAN

/// Readers on any thread see one revision whole while the writer admits, revokes and takes batches back.
@Suite struct ConcurrencyTests {
    /// What the reference knows of one revision, with live grants at the instants that are asked about.
    struct Expected: Sendable {
        var reference: ReferenceEvaluator
        var live: [Set<ReferenceEvaluator.Grant>]
    }

    /// What threads tell each other.
    final class Board: Sendable {
        let isDone = Atomic(false)
        let looks = Atomic(0)
        let failures = Locked<[String]>([])

        var hasFailed: Bool { failures.withLock { !$0.isEmpty } }

        func fail(_ text: String) { failures.withLock { $0.append(text) } }
    }

    @Test func readersSeeEveryRevisionWholeWhileTheWriterWorks() throws {
        let seed = Environment.value("CAPGRAPH_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...0xFFFF_FFFF)
        try Self.race(steps: 400, readers: 3, seed: seed)
    }

    static func race(steps: Int, readers: Int, seed: UInt64) throws {
        var random = RandomAuthority(SeededGenerator(seed: seed))
        random.cheating = 5
        random.repeating = 4
        let world = random.world(steps)
        let times = [random.now, random.now + 20]
        // Each accepted change is one revision, so what every revision should say is known beforehand.
        var reference = ReferenceEvaluator()
        func expected() -> Expected {
            Expected(reference: reference, live: times.map { reference.liveGrants(at: $0) })
        }
        var known = [expected()]
        for step in world where PlainOutcome.isChange(reference.play(step)) { known.append(expected()) }
        let states = known
        let board = Board()
        let graph = try Graph(
            families: try Families([TinyCloud()]), limits: GraphRig.smallLimits)

        let read: [@Sendable () -> Void] = (0..<readers).map { reader in
            {
                var random = RandomAuthority(SeededGenerator(seed: seed &+ UInt64(reader) &+ 1))
                var rounds = 0
                while !board.isDone.load(ordering: .acquiring) || rounds < 20 {
                    rounds += 1
                    let newest = graph.snapshot()
                    // Half of the time an earlier revision: those must not move either.
                    let revision = random.percent(50) ? Int(newest.revision) : random.int(0, Int(newest.revision))
                    let snapshot = graph.snapshot(at: UInt32(revision))
                    if let text = Self.look(at: snapshot, states, times, &random) {
                        return board.fail("reader \(reader) at revision \(snapshot.revision): \(text)")
                    }
                    board.looks.add(1, ordering: .relaxed)
                }
            }
        }
        let write: @Sendable () -> Void = {
            do {
                try Self.write(world, into: GraphRig(graph), seed: seed, board)
            } catch {
                board.fail("the writer stopped: \(error)")
            }
            board.isDone.store(true, ordering: .releasing)
        }
        ParallelThreads.run([write] + read)
        #expect(board.failures.withLock { $0 } == [], "CAPGRAPH_SEED=\(seed)")
        #expect(Int(graph.revision) == states.count - 1, "CAPGRAPH_SEED=\(seed)")
        print("\(board.looks.load(ordering: .relaxed)) looks at \(graph.revision) revisions, seed \(seed)")
    }

    /// Plays the world in batches of random size, every third of which is first taken back.
    static func write(_ world: [PlainStep], into rig: GraphRig, seed: UInt64, _ board: Board) throws {
        var random = RandomAuthority(SeededGenerator(seed: ~seed))
        var next = 0
        while next < world.count {
            let batch = world[next..<min(world.count, next + random.int(1, 12))]
            let count = rig.records.count
            // The readers keep up, so that most revisions are looked at while they are the newest.
            let looks = board.looks.load(ordering: .relaxed)
            while random.percent(95), board.looks.load(ordering: .relaxed) == looks, !board.hasFailed { sched_yield() }
            rig.writer.begin()
            for step in batch { try rig.play(step) }
            if random.percent(33) {
                try rig.rollback(to: count)
            } else {
                rig.writer.commit()
                next += batch.count
            }
        }
    }

    /// Compares a few answers of one snapshot with what is known of its revision.
    static func look(
        at snapshot: Snapshot, _ states: [Expected], _ times: [Int64], _ random: inout RandomAuthority
    ) -> String? {
        let expected = states[Int(snapshot.revision)]
        let reference = expected.reference
        let statements = reference.order.suffix(30).compactMap(reference.statement)
        do {
            for (time, live) in zip(times, expected.live) {
                let comparison = Comparison(snapshot: snapshot, reference: reference, at: time)
                guard snapshot.edgeCount == reference.order.count else { return "\(snapshot.edgeCount) edges" }
                for _ in 0..<6 {
                    let probe = Probe(&random, about: statements)
                    let answer = snapshot.check(try probe.question(), at: comparison.time)
                    let isAllowed = reference.isAllowed(
                        probe.principal, probe.ability, probe.resource, context: probe.context, live: live)
                    guard answer.name == (isAllowed ? "allow" : "deny") else { return "\(answer) for \(probe)" }
                }
                if let statement = statements.last {
                    guard let edge = comparison.edge(statement.statement) else { return "\(statement.id) is lost" }
                    let status = snapshot.status(of: edge, at: comparison.time).name
                    guard status == reference.status(of: statement.statement, at: time) else { return status }
                    if let difference = comparison.chain(of: statement.statement) { return difference }
                }
                if let difference = try comparison.listing(&random) { return difference }
            }
            return nil
        } catch {
            return "\(error)"
        }
    }
}
