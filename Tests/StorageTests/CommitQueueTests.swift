import CapTesting
import Glibc
import Storage
import Synchronization
import Testing

@Suite struct CommitQueueTests {
    /// Collects what a queue's thread saw.
    final class Seen: Sendable {
        let batches = Mutex<[[Int]]>([])
        var all: [Int] { batches.withLock { $0.flatMap(\.self) } }
        func add(_ batch: [Int]) { batches.withLock { $0.append(batch) } }
    }

    /// Holds a queue's thread until opened.
    final class Door: Sendable {
        let lock = Mutex<Bool>(false)
        func open() { lock.withLock { $0 = true } }
        func pass() { while !lock.withLock({ $0 }) { sched_yield() } }
    }

    @Test func everythingQueuedIsProcessedOnceInOrderBeforeStopReturns() {
        let seen = Seen()
        let queue = CommitQueue<Int>(maxBatch: 7, maxPending: 100_000) { seen.add($0) }
        for number in 0..<10_000 { #expect(queue.submit(number)) }
        queue.stop()
        #expect(seen.all == Array(0..<10_000))
        #expect(seen.batches.withLock { $0.allSatisfy { (1...7).contains($0.count) } })
        #expect(!queue.submit(1))
        queue.stop()
    }

    @Test func announcedOperationsAreProcessedOnceAndNoneIsWaitedForAfterARefusal() {
        struct Refused: Error {}
        let seen = Seen()
        let queue = CommitQueue<Int>(maxPending: 100_000) { seen.add($0) }
        for number in 0..<200 {
            try? queue.announcing { () throws(Refused) in
                guard number % 2 == 0 else { throw Refused() }
                #expect(queue.submit(number))
            }
        }
        queue.stop()
        #expect(seen.all == Array(stride(from: 0, to: 200, by: 2)))
    }

    @Test func operationsGatherWhileAGroupIsBeingWritten() {
        let seen = Seen()
        let door = Door()
        let started = Door()
        let queue = CommitQueue<Int> { batch in
            started.open()
            door.pass()
            seen.add(batch)
        }
        #expect(queue.submit(0))
        started.pass()
        for number in 1...300 { #expect(queue.submit(number)) }
        door.open()
        queue.stop()
        #expect(seen.batches.withLock { $0.map(\.count) } == [1, 256, 44])
    }

    @Test func fullQueueRefusesAndRecovers() {
        let seen = Seen()
        let door = Door()
        let started = Door()
        let queue = CommitQueue<Int>(maxBatch: 2, maxPending: 3) { batch in
            started.open()
            door.pass()
            seen.add(batch)
        }
        #expect(queue.submit(0))
        started.pass()
        #expect([1, 2, 3, 4, 5].map { queue.submit($0) } == [true, true, true, false, false])
        #expect(queue.pendingCount == 3)
        door.open()
        while queue.pendingCount > 0 { sched_yield() }
        #expect(queue.submit(6))
        queue.stop()
        #expect(seen.all == [0, 1, 2, 3, 6])
    }

    @Test func manySubmittersKeepTheirOwnOrder() async {
        let seen = Seen()
        let queue = CommitQueue<Int>(maxPending: .max) { seen.add($0) }
        await withTaskGroup(of: Void.self) { group in
            for submitter in 0..<8 {
                group.addTask {
                    for number in 0..<5_000 where !queue.submit(submitter * 10_000 + number) {
                        Issue.record("an unbounded queue refused")
                    }
                }
            }
        }
        queue.stop()
        let all = seen.all
        #expect(all.count == 40_000)
        for submitter in 0..<8 {
            #expect(all.filter { $0 / 10_000 == submitter } == (0..<5_000).map { submitter * 10_000 + $0 })
        }
    }

    @Test func queueLetGoFinishesItsWork() {
        let seen = Seen()
        do {
            let queue = CommitQueue<Int> { seen.add($0) }
            for number in 0..<100 { #expect(queue.submit(number)) }
        }
        #expect(seen.all == Array(0..<100))
    }

    @Test func stopFromInsideTheWriterDoesNotWaitForItself() {
        let stopped = Door()
        let box = Mutex<CommitQueue<Int>?>(nil)
        let queue = CommitQueue<Int> { [stopped] _ in
            box.withLock { $0 }?.stop()
            stopped.open()
        }
        box.withLock { $0 = queue }
        #expect(queue.submit(1))
        stopped.pass()
        #expect(!queue.submit(2))
        box.withLock { $0 = nil }
    }

    @Test func groupsReachTheLogAsTransactions() throws {
        let scratch = Scratch()
        let log = try SQLiteLog.open(path: scratch.path("log.db"), mode: .create)
        let failures = Atomic(0)
        let queue = CommitQueue<LogEntry>(maxPending: .max) { batch in
            do { try log.commit(LogBatch(entries: batch)) } catch { failures.add(1, ordering: .relaxed) }
        }
        for revision in UInt64(1)...2_000 { #expect(queue.submit(LogSamples.entry(revision))) }
        queue.stop()
        #expect(failures.load(ordering: .relaxed) == 0)
        #expect(try log.read() == (UInt64(1)...2_000).map { ReadEntry(LogSamples.entry($0)) })
    }
}
