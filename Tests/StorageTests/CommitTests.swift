import CapTesting
import Multiformats
import Storage
import Testing

@Suite struct CommitTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    @Test func entriesComeBackInOrderAfterReopening() throws {
        let written = LogSamples.batch(1...300)
        let log = try SQLiteLog.open(path: path, mode: .create)
        #expect(log.lastRevision == 0)
        try log.commit(LogBatch(entries: Array(written.entries[..<120])))
        try log.commit(LogBatch(entries: Array(written.entries[120...])))
        #expect(log.lastRevision == 300)
        log.close()

        let again = try SQLiteLog.open(path: path, mode: .existing)
        #expect(again.lastRevision == 300)
        #expect(try again.read() == written.entries.map(ReadEntry.init))
        #expect(try again.read(after: 299) == [ReadEntry(LogSamples.entry(300))])
        #expect(try again.read(after: 300) == [])
        #expect(try again.read(after: .max) == [])
    }

    @Test func revisionsMayLeaveGapsButNeverGoBack() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogBatch(entries: [LogSamples.entry(5), LogSamples.entry(9)]))
        for revisions: [UInt64] in [[9], [3], [10, 10], [11, 10], [0], [UInt64(Int64.max) + 1]] {
            let entries = revisions.map { LogSamples.entry($0, withToken: false) }
            #expect(throws: StorageError(.constraint, "")) { try log.commit(LogBatch(entries: entries)) }
        }
        #expect(log.lastRevision == 9)
        try log.commit(LogBatch(entries: [LogSamples.entry(12)]))
        #expect(try log.read(after: 5).map(\.revision) == [9, 12])
        #expect(try log.read(after: 7).map(\.revision) == [9, 12])
    }

    @Test func refusedBatchLeavesNothing() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        let half = LogEntry(revision: 2, kind: 1, recordedAt: 0, record: [], tokenID: .zero, token: nil)
        let marks = [LogSamples.mark(1, expiresAt: 1), LogSamples.mark(2, expiresAt: -1)]
        #expect(throws: StorageError(.constraint, "")) {
            try log.commit(LogBatch(entries: [LogSamples.entry(1), half]))
        }
        // This one is refused inside the transaction, after its entry and its first mark were written.
        #expect(throws: StorageError(.constraint, "")) {
            try log.commit(LogBatch(entries: [LogSamples.entry(1)], marks: marks))
        }
        #expect(log.lastRevision == 0)
        #expect(try log.read() == [])
        #expect(try log.marks(notBefore: 0) == [])
        try log.commit(LogSamples.batch(1...2))
        #expect(try log.read().count == 2)
    }

    @Test func emptyBatchAndEmptyRecordAreAllowed() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogBatch())
        try log.commit(LogBatch(entries: [LogEntry(revision: 1, kind: 255, recordedAt: .min, record: [])]))
        #expect(try log.read() == [ReadEntry(1, 255, .min, [])])
    }

    @Test func errorOfTheReaderEndsTheWalkAndNothingElse() throws {
        struct Enough: Error {}
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...10))
        var seen = 0
        #expect(throws: Enough.self) {
            try log.forEachEntry(after: 0) { _, _, _, _ in
                seen += 1
                if seen == 3 { throw Enough() }
            }
        }
        #expect(seen == 3)
        try log.commit(LogSamples.batch(11...12))
        #expect(try log.read().count == 12)
    }

    @Test func valuesUnderKeysAreReplacedAndKept() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        #expect(try log.meta("key") == nil)
        try log.setMeta("key", [1, 2, 3])
        try log.setMeta("empty", [])
        try log.setMeta("key", [4])
        log.close()
        let again = try SQLiteLog.open(path: path, mode: .existing)
        #expect(try again.meta("key") == [4])
        #expect(try again.meta("empty") == [])
        #expect(try again.meta("other") == nil)
    }

    @Test func closedLogSaysSo() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        log.close()
        log.close()
        #expect(throws: StorageError(.closed, "")) { try log.commit(LogSamples.batch(1...1)) }
        #expect(throws: StorageError(.closed, "")) { try log.read() }
        #expect(throws: StorageError(.closed, "")) { try log.meta("key") }
        #expect(throws: StorageError(.closed, "")) { try log.backup(to: scratch.path("copy.db")) }
    }
}
