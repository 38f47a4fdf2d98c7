import CapTesting
import Storage
import Testing

@Suite struct BackupTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    @Test func copyIsACompleteLogOfItsOwn() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        let marks = [LogSamples.mark(1, expiresAt: 1 << 50)]
        try log.commit(LogBatch(entries: LogSamples.batch(1...200).entries, marks: marks))
        try log.setMeta("key", [1, 2])
        let copy = scratch.path("copy.db")
        #expect(try log.backup(to: copy) == 200)
        try log.commit(LogSamples.batch(201...210))

        let restored = try SQLiteLog.open(path: copy, mode: .existing)
        #expect(try restored.read() == LogSamples.batch(1...200).entries.map(ReadEntry.init))
        #expect(try restored.marks(notBefore: 0) == marks)
        #expect(try restored.meta("key") == [1, 2])
        #expect(try TokenReader(path: copy).token(revision: 200) == LogSamples.token(200))
        try restored.commit(LogSamples.batch(201...205))
        let summary = LogSummary(lastRevision: 205, entryCount: 205, tokenCount: 205, markCount: 1)
        #expect(try restored.verify() == summary)
        restored.close()
        #expect(
            Scratch.names(in: scratch.folder).filter { $0.hasPrefix("copy") }
                == ["copy.db", "copy.db.head", "copy.db.lock"])
    }

    @Test func existingFileIsNeverOverwritten() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        RawFile.write([1, 2, 3], to: scratch.path("copy.db"))
        #expect(throws: StorageError(.constraint, "")) { try log.backup(to: scratch.path("copy.db")) }
        #expect(throws: StorageError(.constraint, "")) { try log.backup(to: path) }
        #expect(throws: StorageError(.notFound, "")) { try log.backup(to: scratch.path("none/copy.db")) }
        #expect(RawFile.read(scratch.path("copy.db")) == [1, 2, 3])
    }

    @Test func copiesTakenWhileWritingAreEachWhole() async throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...10))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for batch in UInt64(1)...60 { try log.commit(LogSamples.batch(batch * 10 + 1...batch * 10 + 10)) }
            }
            group.addTask { [scratch] in
                for number in 0..<8 {
                    let copy = scratch.path("copy\(number).db")
                    let last = try log.backup(to: copy)
                    #expect(last % 10 == 0)
                    let entries = try SQLiteLog.open(path: copy, mode: .readOnly).read()
                    #expect(entries == LogSamples.batch(1...last).entries.map(ReadEntry.init))
                }
            }
            try await group.waitForAll()
        }
    }
}
