import CapTesting
import Testing

@testable import Storage

/// A commit whose outcome is not known is found out, or nothing more is written (postgres.md 1.5 step 10).
@Suite struct PostgresDoubtTests {
    let scratch = Scratch()
    let address: String
    let proxy: PostgresProxy
    let engine: PostgresEngine

    init() throws {
        address = try PostgresCluster.database(scratch)
        proxy = try PostgresProxy(PostgresCluster.shared.get(), address, in: scratch)
        var options = PostgresEngine.Options()
        // Long enough for a slow machine to connect again, and what a test waits where nobody lets it.
        options.settleMilliseconds = 1_500
        options.settlePauseMilliseconds = 0
        // What reads here does so well within it, and who takes its place waits for it.
        options.leaseMilliseconds = 8_000
        engine = try PostgresEngine(proxy.address, tables: [Shelf.schema], options: options)
        try engine.commit(LogSamples.batch(1...1))
    }

    /// What the database holds, asked past the engine and its proxy.
    func kept() throws -> [ReadEntry] {
        var options = PostgresEngine.Options()
        options.isShared = true
        let other = try PostgresEngine(address, tables: [Shelf.schema], options: options)
        defer { other.close() }
        return try other.entries()
    }

    func entries(_ revisions: ClosedRange<UInt64>) -> [ReadEntry] { revisions.map { ReadEntry(LogSamples.entry($0)) } }

    @Test func aCommitWhoseAnswerIsLostIsFoundToBeKept() throws {
        proxy.arm(.dropsAfter)
        try engine.commit(LogSamples.batch(2...3))
        #expect(engine.lastRevision == 3)
        #expect(try kept() == entries(1...3))
        // A body that may run only once has not run again.
        proxy.arm(.dropsAfter)
        var runCount = 0
        try engine.transaction { tables in
            runCount += 1
            _ = try? tables.insert(Shelf.self, Shelf.row("a", "once"))
            return LogSamples.batch(4...4)
        }
        #expect(runCount == 1)
        #expect(try engine.titles() == ["once"])
        try engine.commit(LogSamples.batch(5...5))
        #expect(try kept() == entries(1...5))
    }

    @Test func aCommitThatNeverArrivedIsMadeAgainOrRefused() throws {
        proxy.arm(.dropsBefore)
        try engine.commit(LogSamples.batch(2...3))
        #expect(try kept() == entries(1...3))
        proxy.arm(.dropsBefore)
        #expect(throws: StorageError(.unavailable, "")) {
            try engine.transaction { tables in
                _ = try? tables.insert(Shelf.self, Shelf.row("a", "lost"))
                return LogSamples.batch(4...4)
            }
        }
        #expect(try engine.titles() == [])
        #expect(engine.lastRevision == 3)
        try engine.commit(LogSamples.batch(4...4))
        #expect(try kept() == entries(1...4))
    }

    @Test func aWarningWithTheCommitIsDoubted() throws {
        let before = proxy.connectionCount
        try engine.commit(LogSamples.batch(2...2))
        #expect(proxy.connectionCount == before)
        proxy.arm(.warns)
        try engine.commit(LogSamples.batch(3...3))
        // Somebody asked, on a connection of its own.
        #expect(proxy.connectionCount > before)
        #expect(try kept() == entries(1...3))
    }

    @Test func whatTurnsOutToBeKeptAfterItWasToldInDoubtEndsTheWriting() throws {
        proxy.arm(.dropsAfter, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(2...2)) }
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(3...3)) }
        #expect(engine.lastRevision == 1)
        proxy.admit()
        for _ in 0..<3 {
            #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(3...3)) }
        }
        #expect(throws: StorageError(.inDoubt, "")) { try engine.setMeta("key", [1]) }
        #expect(try kept() == entries(1...2))
        engine.close()
        let again = try PostgresEngine(address, tables: [Shelf.schema])
        #expect(again.lastRevision == 2)
        try again.commit(LogSamples.batch(3...3))
    }

    @Test func whatTurnsOutNotToBeKeptLetsTheWritingGoOn() throws {
        proxy.arm(.dropsBefore, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(2...2)) }
        proxy.admit()
        try engine.commit(LogSamples.batch(3...3))
        #expect(try kept() == entries(1...1) + entries(3...3))
    }

    @Test func aDatabaseThatForgotTheWriterIsNotBuiltOn() throws {
        proxy.arm(.dropsAfter, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(2...2)) }
        try RawPostgres.run("DELETE FROM commit_tag", at: address)
        proxy.admit()
        for _ in 0..<2 {
            #expect(throws: StorageError(.corrupt, "")) { try engine.commit(LogSamples.batch(3...3)) }
        }
    }

    @Test func aNodeInDoubtWhosePlaceIsTakenSaysSoAndWritesNothing() throws {
        proxy.arm(.dropsAfter, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(2...2)) }
        try RawPostgres.cutOff(address)
        let next = try PostgresEngine(address, tables: [Shelf.schema], options: PostgresEngine.unhurried)
        #expect(next.lastRevision == 2)
        proxy.admit()
        for _ in 0..<2 {
            #expect(throws: StorageError(.locked, "")) { try engine.commit(LogSamples.batch(3...3)) }
        }
        try next.commit(LogSamples.batch(3...3))
        #expect(try next.entries() == entries(1...3))
        // The change that is in doubt when its node learns that its place is taken is in doubt all the same.
        next.close()
        let other = try PostgresEngine(proxy.address, tables: [Shelf.schema])
        proxy.arm(.dropsAfter) { [address] in
            _ = try? RawPostgres.run("UPDATE holder SET node = 'other'", at: address)
        }
        #expect(throws: StorageError(.inDoubt, "")) { try other.commit(LogSamples.batch(4...4)) }
        #expect(throws: StorageError(.locked, "")) { try other.commit(LogSamples.batch(4...4)) }
        #expect(try kept() == entries(1...4))
    }

    @Test func aNodeThatWasCutOffKeepsNothingOfWhatItHadBegun() throws {
        var next: PostgresEngine?
        #expect(throws: StorageError(.unavailable, "")) {
            try engine.transaction { tables in
                _ = try? tables.insert(Shelf.self, Shelf.row("a", "begun"))
                // What it began keeps others out until its connection is gone, and so would its keeper, once back.
                proxy.refuse()
                try? RawPostgres.cutOff(address)
                next = try? PostgresEngine(address, tables: [Shelf.schema], options: PostgresEngine.unhurried)
                try? next?.commit(LogSamples.batch(2...2))
                return LogSamples.batch(2...3)
            }
        }
        proxy.admit()
        let taken = try #require(next)
        #expect(taken.lastRevision == 2)
        for _ in 0..<2 {
            #expect(throws: StorageError(.notFresh, "")) { try engine.commit(LogSamples.batch(2...3)) }
            #expect(throws: StorageError(.notFresh, "")) { try engine.setMeta("key", [1]) }
        }
        #expect(try taken.entries() == entries(1...2))
        #expect(try taken.titles() == [])
        #expect(try taken.meta("key") == nil)
    }
}
