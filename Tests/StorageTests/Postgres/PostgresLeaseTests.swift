import CapTesting
import CapabilityGraph
import Glibc
import Synchronization
import Testing
import Threading
import UCAN

@testable import Storage

/// Counts what is told on whatever thread.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .sequentiallyConsistent) }
    func add() { count.add(1, ordering: .sequentiallyConsistent) }

    /// Waits, for a time that no slow machine takes, until something was told.
    func wait() {
        let deadline = MonotonicDeadline(milliseconds: 30_000)
        while value == 0, deadline.remaining > 0 { sched_yield() }
    }
}

/// A node answers from what it knows only while no other can have acknowledged anything (postgres.md 6).
@Suite struct PostgresLeaseTests {
    let scratch = Scratch()
    let address: String
    let proxy: PostgresProxy

    init() throws {
        address = try PostgresCluster.database(scratch)
        proxy = try PostgresProxy(PostgresCluster.shared.get(), address, in: scratch)
    }

    private func open(
        _ address: String, lease: Int32, settle: Int32 = 200, lost: (@Sendable () -> Void)? = nil
    ) throws -> PostgresEngine {
        var options = PostgresEngine.Options()
        options.lost = lost
        options.leaseMilliseconds = lease
        options.holderMilliseconds = 100
        options.settleMilliseconds = settle
        options.settlePauseMilliseconds = 0
        return try PostgresEngine(address, tables: [Shelf.schema], options: options)
    }

    /// Waits, for a time that no slow machine takes, until the engine answers, or until it does not.
    private func wait(until answers: Bool, _ engine: PostgresEngine) -> Bool {
        let deadline = MonotonicDeadline(milliseconds: 30_000)
        while deadline.remaining > 0 {
            if isFresh(engine) == answers { return true }
            sched_yield()
        }
        return false
    }

    private func isFresh(_ engine: PostgresEngine) -> Bool {
        do throws(StorageError) { try engine.enter() } catch { return error.code != .notFresh }
        return true
    }

    @Test func aNodeThatIsCutOffAnswersNothingUntilItIsHeardAgain() throws {
        let engine = try open(proxy.address, lease: 300)
        #expect(wait(until: true, engine))
        let beats = try RawPostgres.run("SELECT beat FROM holder", at: address)
        proxy.halt(true)
        #expect(wait(until: false, engine))
        #expect(throws: StorageError(.notFresh, "")) { try engine.openReadSession() }
        proxy.halt(false)
        #expect(wait(until: true, engine))
        #expect(try RawPostgres.run("SELECT beat FROM holder", at: address) > beats)
        engine.close()
        #expect(throws: StorageError(.notFresh, "")) { try engine.enter() }
    }

    /// One that sleeps, and with it all its threads, wakes with a lease that is over.
    @Test func aRenewalCountsFromBeforeItsWrite() {
        let lease = PostgresLease(length: 1000)
        #expect(throws: StorageError(.notFresh, "")) { try lease.enter() }
        lease.renew(from: MonotonicDeadline.now - 1000)
        #expect(throws: StorageError(.notFresh, "")) { try lease.enter() }
        lease.renew(from: MonotonicDeadline.now + 10_000)
        #expect(throws: Never.self) { try lease.enter() }
        lease.suspend(true)
        #expect(throws: StorageError(.notFresh, "")) { try lease.enter() }
        lease.suspend(false)
        #expect(throws: Never.self) { try lease.enter() }
        lease.giveUp()
        lease.renew(from: MonotonicDeadline.now + 10_000)
        #expect(throws: StorageError(.notFresh, "")) { try lease.enter() }
        #expect(PostgresLease(length: .max).length == PostgresLease.maxLength)
        #expect(PostgresLease.wait(for: 2000) > 2002 && PostgresLease.wait(for: 1) > 1)
    }

    @Test func theNextNodeBeginsOnceTheLeaseOfALostOneIsOver() throws {
        let first = try open(proxy.address, lease: 6000)
        let store = try GraphStore.open(first, families: [GraphOnly(TinyCloud())])
        let space = try Space("tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:notes")
        #expect(wait(until: true, first))
        #expect(try !store.freshSnapshot().isHosted(space))
        proxy.halt(true)
        // The server learns that its connections are gone, the node does not.
        try RawPostgres.cutOff(address)
        let second = try open(address, lease: 6000)
        let next = try GraphStore.open(second, families: [GraphOnly(TinyCloud())])
        try next.transact(at: Timestamp(seconds: 1_700_000_000)) { try $0.host(space) }
        #expect(try next.freshSnapshot().isHosted(space))
        // What it would have answered is no longer so.
        #expect(!store.unprovenSnapshot().isHosted(space))
        #expect(throws: StorageError(.notFresh, "")) { try store.freshSnapshot() }
        proxy.halt(false)
        #expect(throws: StorageError(.notFresh, "")) { try first.commit(LogSamples.batch(9...9)) }
        #expect(throws: StorageError(.notFresh, "")) { try store.freshSnapshot() }
        #expect(throws: StorageError(.notFresh, "")) { try store.read { try $0.exists(Shelf.self, where: []) } }
    }

    /// Whoever waited for a connection, or for its turn on the processor, after it was let through may find the store in the
    /// hands of another node, which has acknowledged what its own graph does not know.
    @Test func whatAnotherNodeMayHaveWrittenIsNotReadUnderALeaseThatStillLasts() throws {
        let engine = try open(address, lease: 60_000)
        #expect(wait(until: true, engine))
        try engine.openReadSession().close()
        let node = "SELECT count(*) FROM holder WHERE node IS NOT NULL"
        #expect(try RawPostgres.run(node, at: address) == 1)
        try RawPostgres.run("CREATE TABLE kept AS SELECT * FROM holder", at: address)
        for change in ["node = '\\x01'", "node = NULL", "beat = beat - 1"] {
            try RawPostgres.run("UPDATE holder SET \(change)", at: address)
            #expect(throws: Never.self) { try engine.enter() }
            #expect(throws: StorageError(.notFresh, ""), "\(change)") { try engine.openReadSession() }
            #expect(throws: StorageError(.notFresh, ""), "\(change)") { try engine.meta("key") }
            #expect(throws: StorageError(.notFresh, ""), "\(change)") { try engine.tokens.tokens(revisions: [1]) }
            try RawPostgres.run("UPDATE holder SET node = kept.node, beat = kept.beat FROM kept", at: address)
        }
        try engine.openReadSession().close()
    }

    /// Its connections are as they were: nothing but the row tells that it does not beat. Nor does it matter that a lease that
    /// is asked for is shorter than the one that may last.
    @Test func aNodeThatDoesNotBeatIsFollowedOnceItsLeaseIsOver() throws {
        let first = try open(proxy.address, lease: 3000)
        #expect(wait(until: true, first))
        proxy.halt(true)
        let second = try open(address, lease: 50)
        #expect(throws: StorageError(.notFresh, "")) { try first.enter() }
        try second.commit(LogSamples.batch(1...1))
        second.close()
        proxy.halt(false)
    }

    @Test func aNodeWhosePlaceIsTakenSaysSoOnceAndCompetesNoMore() throws {
        let counter = Counter()
        let engine = try open(address, lease: 200, lost: { counter.add() })
        #expect(wait(until: true, engine))
        try RawPostgres.run("UPDATE holder SET node = 'other', beat = 0", at: address)
        counter.wait()
        #expect(counter.value == 1)
        #expect(throws: StorageError(.notFresh, "")) { try engine.enter() }
        engine.close()
        #expect(try RawPostgres.run("SELECT count(*) FROM holder WHERE node = 'other' AND beat = 0", at: address) == 1)
    }

    /// What it writes waits neither for the server nor, one after the other, for the silence of a link.
    @Test func aNodeThatIsCutOffRefusesWhatItIsToWrite() throws {
        let engine = try open(proxy.address, lease: 300)
        try engine.commit(LogSamples.batch(1...1))
        proxy.halt(true)
        #expect(wait(until: false, engine))
        #expect(throws: StorageError(.notFresh, "")) { try engine.commit(LogSamples.batch(2...2)) }
        proxy.halt(false)
        #expect(wait(until: true, engine))
        try engine.commit(LogSamples.batch(2...2))
    }

    @Test func aNodeThatGivesUpForItsOwnReasonLetsTheNextOneStart() throws {
        let counter = Counter()
        let engine = try open(address, lease: 400, lost: { counter.add() })
        try engine.commit(LogSamples.batch(1...1))
        try RawPostgres.run(
            "UPDATE log_head SET revision = 0, chain = 0, tokens = 0, checksum = kept.checksum FROM "
                + "(SELECT \(Int64(bitPattern: LogPosition().checksum)) AS checksum) AS kept", at: address)
        #expect(throws: StorageError(.corrupt, "")) { try engine.commit(LogSamples.batch(2...2)) }
        counter.wait()
        #expect(try RawPostgres.run("SELECT count(*) FROM holder WHERE node IS NULL", at: address) == 1)
        #expect(counter.value == 1)
        engine.close()
    }

    /// A use may not count again because the node that follows has another time.
    @Test func aNodeWhoseClockIsFarFromTheServersAnswersNothing() throws {
        let ahead = Locked<Int64>(0)
        var options = PostgresEngine.Options()
        options.leaseMilliseconds = 400
        options.renewalMilliseconds = 100
        options.wallClock = { MonotonicDeadline.wallClock + ahead.withLock { $0 } }
        let engine = try PostgresEngine(address, options: options)
        try engine.commit(LogBatch(marks: [LogSamples.mark(1, expiresAt: 5_000_000)]))
        try engine.commit(LogBatch(forgetMarksBefore: 7_900_000))
        #expect(try engine.marks(notBefore: 0).count == 1)
        try engine.commit(LogBatch(forgetMarksBefore: 8_100_000))
        #expect(try engine.marks(notBefore: 0).isEmpty)
        for distance: Int64 in [1_500_000, -1_500_000] {
            ahead.withLock { $0 = distance }
            #expect(wait(until: false, engine), "\(distance)")
            #expect(throws: StorageError(.notFresh, "")) { try engine.commit(LogSamples.batch(1...1)) }
            ahead.withLock { $0 = distance / 5 }
            #expect(wait(until: true, engine), "\(distance)")
        }
        engine.close()
        ahead.withLock { $0 = 1_500_000 }
        #expect(throws: StorageError(.notFresh, "")) { try PostgresEngine(address, options: options) }
        // It let go of what it took.
        ahead.withLock { $0 = 0 }
        try PostgresEngine(address, options: options).close()
    }

    @Test func aNodeThatClosesHasNotLostItsStore() throws {
        let counter = Counter()
        let engine = try open(address, lease: 1000, lost: { counter.add() })
        let (begun, done) = (Counter(), Counter())
        let writer = SystemThread {
            try? engine.transaction { _ in
                begun.add()
                // As long as the row is looked at several times more.
                let deadline = MonotonicDeadline(milliseconds: 30_000)
                while self.isFresh(engine), deadline.remaining > 0 { sched_yield() }
                let pause = MonotonicDeadline(milliseconds: 800)
                while pause.remaining > 0 { usleep(10_000) }
                return nil
            }
            done.add()
        }
        begun.wait()
        engine.close()
        try #require(writer).join()
        #expect(done.value == 1 && counter.value == 0)
        #expect(try RawPostgres.run("SELECT count(*) FROM holder WHERE node IS NULL", at: address) == 1)
    }

    /// While one waits, and until it is told to wait no longer.
    @Test func aNodeThatMayWaitWaits() throws {
        let first = try open(address, lease: 300)
        let counter = Counter()
        var options = PostgresEngine.Options()
        options.waiting = {
            counter.add()
            return counter.value < 40
        }
        #expect(throws: StorageError(.locked, "")) {
            try PostgresEngine(address, tables: [Shelf.schema], options: options)
        }
        #expect(counter.value == 40)
        options.waiting = {
            first.close()
            return true
        }
        let second = try PostgresEngine(address, tables: [Shelf.schema], options: options)
        try second.commit(LogSamples.batch(1...1))
    }

    @Test func aDoubtIsSettledThoughNobodyWrites() throws {
        let engine = try open(proxy.address, lease: 1000)
        proxy.arm(.dropsBefore, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(1...1)) }
        #expect(wait(until: false, engine))
        proxy.admit()
        #expect(wait(until: true, engine))
        try engine.commit(LogSamples.batch(1...1))
    }

    @Test func aDoubtThatWasKeptEndsTheNodeThoughNobodyWrites() throws {
        let counter = Counter()
        let engine = try open(proxy.address, lease: 1000, lost: { counter.add() })
        proxy.arm(.dropsAfter, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(1...1)) }
        proxy.admit()
        counter.wait()
        #expect(counter.value == 1)
        #expect(throws: StorageError(.notFresh, "")) { try engine.enter() }
    }

    @Test func aNodeThatLetGoIsNotWaitedFor() throws {
        let start = MonotonicDeadline.now
        try open(address, lease: PostgresLease.maxLength).close()
        try open(address, lease: 1000).close()
        #expect(MonotonicDeadline.now - start < Int64(PostgresLease.maxLength))
        #expect(
            try RawPostgres.run("SELECT count(*) FROM holder WHERE node IS NULL AND lease = 1000", at: address) == 1)
    }

    @Test func aLeaseThatNobodyAsksForIsRefused() throws {
        try open(address, lease: 1000).close()
        for sql in ["UPDATE holder SET lease = 1099511627776", "UPDATE holder SET lease = -1", "DELETE FROM holder"] {
            try RawPostgres.execute(sql, at: address)
            #expect(throws: StorageError(.corrupt, "")) { try open(address, lease: 1000) }
        }
    }

    @Test func aNodeThatDoesNotKnowWhatItsOwnChangeBecameAnswersNothing() throws {
        let engine = try open(proxy.address, lease: 20_000)
        proxy.arm(.dropsBefore, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(1...1)) }
        #expect(throws: StorageError(.notFresh, "")) { try engine.enter() }
        proxy.admit()
        try engine.commit(LogSamples.batch(1...1))
        #expect(throws: Never.self) { try engine.enter() }
        proxy.arm(.dropsAfter, refusingThen: true)
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(2...2)) }
        #expect(throws: StorageError(.notFresh, "")) { try engine.enter() }
        proxy.admit()
        #expect(throws: StorageError(.inDoubt, "")) { try engine.commit(LogSamples.batch(3...3)) }
        #expect(throws: StorageError(.notFresh, "")) { try engine.enter() }
    }

    @Test(arguments: EngineKind.allCases) func anEngineThatIsOpenAnswers(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        #expect(throws: Never.self) { try engine.enter() }
    }
}
