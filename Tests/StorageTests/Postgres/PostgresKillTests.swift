import CapTesting
import Glibc
import Synchronization
import Testing
import Threading

@testable import Storage

/// What was acknowledged lasts, whoever is killed: the server, or the node that writes (law 8).
@Suite struct PostgresKillTests {
    let scratch = Scratch()

    /// What a writer told, and what it was told.
    private struct Told {
        var tried: UInt64 = 0
        var acknowledged: UInt64 = 0
        var answerCount = 0
        var failures: [String] = []
        var isStopped = false
    }

    @Test func aKilledServerLosesNothingAcknowledged() throws {
        var random = SeededGenerator.printed("aKilledServerLosesNothingAcknowledged")
        let cluster = try PostgresCluster()
        let address = try cluster.database(of: scratch.folder, "kill")
        var options = PostgresEngine.Options()
        options.settleMilliseconds = 30_000
        let engine = try PostgresEngine(address, tables: [Shelf.schema], options: options)
        let told = Mutex(Told())
        let thread = SystemThread { PostgresKillTests.write(engine, told) }
        for _ in 0..<3 {
            let count = told.withLock { $0.answerCount } + random.int(in: 1...40)
            while told.withLock({ $0.answerCount < count && $0.failures.isEmpty }) { sched_yield() }
            for _ in 0..<random.int(in: 0...400) { sched_yield() }
            try cluster.crash()
            try cluster.restart()
        }
        let count = told.withLock { $0.answerCount } + 5
        while told.withLock({ $0.answerCount < count && $0.failures.isEmpty }) { sched_yield() }
        told.withLock { $0.isStopped = true }
        try #require(thread).join()
        let last = told.withLock { $0 }
        #expect(last.failures == [])
        #expect(engine.lastRevision == last.acknowledged)
        engine.close()
        let again = try PostgresEngine(address, tables: [Shelf.schema], options: PostgresEngine.unhurried)
        #expect(try again.entries() == (1...last.acknowledged).map { ReadEntry(LogSamples.entry($0)) })
        // Each batch came with one row, which bears its first revision.
        let rows = try again.read { try $0.rows(Shelf.self, [Shelf.count]) { $0[Shelf.count] } }
        #expect(rows == rows.sorted() && rows.count == last.answerCount)
    }

    /// Writes one batch after the other until it is stopped. What could not be kept is tried again, with the same revisions.
    private static func write(_ engine: PostgresEngine, _ told: borrowing Mutex<Told>) {
        while !told.withLock({ $0.isStopped }) {
            let first = engine.lastRevision + 1
            let last = first + first % 5
            do throws(StorageError) {
                try engine.transaction { tables in
                    _ = try? tables.insert(Shelf.self, Shelf.row("kill", "\(first)", count: Int64(first)))
                    return LogSamples.batch(first...last)
                }
                told.withLock {
                    $0.acknowledged = last
                    $0.answerCount += 1
                }
            } catch {
                // The server is away; that nothing was kept is what the next batch shows, which is the same.
                guard [.unavailable, .notFresh].contains(error.code) else {
                    return told.withLock { $0.failures.append("\(error.code): \(error)") }
                }
            }
        }
    }

    @Test func aKilledNodeLosesNothingAcknowledgedAndLetsTheNextOneStart() throws {
        var random = SeededGenerator.printed("aKilledNodeLosesNothingAcknowledgedAndLetsTheNextOneStart")
        let address = try PostgresCluster.database(scratch)
        var done: UInt64 = 0
        for _ in 0..<4 {
            let drill = try Drill([address, "\(random.next())"])
            var tried: UInt64?
            func read(_ line: [String]) throws {
                switch (line.first, try #require(line.last.flatMap { UInt64($0) })) {
                case ("try", let last): tried = last
                case ("done", let last):
                    #expect(last == tried)
                    (done, tried) = (last, nil)
                default: Issue.record("the drill says \(line)")
                }
            }
            for _ in 0..<random.int(in: 2...40) { try read(#require(drill.nextLine())) }
            // While it lives there is no place for another.
            #expect(throws: StorageError(.locked, "")) { try PostgresEngineTests.open(address) }
            for _ in 0..<random.int(in: 0...400) { sched_yield() }
            drill.kill()
            while let line = drill.nextLine() { try read(line) }
            let engine = try PostgresEngine(address)
            #expect(engine.lastRevision == done || engine.lastRevision == tried)
            done = engine.lastRevision
            #expect(try engine.entries() == (1..<done + 1).map { ReadEntry(LogSamples.entry($0)) })
            engine.close()
        }
    }
}
