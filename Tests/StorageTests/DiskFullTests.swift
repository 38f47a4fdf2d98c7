import CapTesting
import Glibc
import Storage
import Testing

@Suite struct DiskFullTests {
    let scratch = Scratch()

    @Test func limitReachedKeepsWhatWasAcknowledged() throws {
        let path = scratch.path("log.db")
        let options = SQLiteLogOptions(maximumBytes: 400_000)
        let log = try SQLiteLog.open(path: path, mode: .create, options: options)
        let acknowledged = try fill(log)
        #expect(acknowledged > 100)
        // Reading goes on, and so does a commit that fits: marks that left make room for others.
        #expect(try log.read().map(\.revision) == Array(1...acknowledged))
        log.close()

        let larger = try SQLiteLog.open(path: path, mode: .existing, options: SQLiteLogOptions(maximumBytes: 1 << 20))
        #expect(larger.lastRevision == acknowledged)
        try larger.commit(LogSamples.batch(acknowledged + 1...acknowledged + 50))
        #expect(try larger.verify().entryCount == Int(acknowledged) + 50)
    }

    /// A real file system of 4 MB, which only root may make.
    @Test(.enabled(if: TemporaryFileSystem.isPermitted, "mounting is not permitted here"))
    func fullFileSystemKeepsWhatWasAcknowledgedAndHealsWithSpace() throws {
        let disk = try TemporaryFileSystem(megabytes: 4)
        let ballast = disk.folder + "/ballast"
        RawFile.write([UInt8](repeating: 1, count: 2 << 20), to: ballast)
        let path = disk.folder + "/log.db"
        let log = try SQLiteLog.open(path: path, mode: .create)
        let acknowledged = try fill(log)
        #expect(acknowledged > 100)
        #expect(log.lastRevision == acknowledged)
        #expect(try log.read() == LogSamples.batch(1...acknowledged).entries.map(ReadEntry.init))
        for _ in 0..<5 {
            let next = LogSamples.batch(acknowledged + 1...acknowledged + 2_000)
            #expect(throws: StorageError(.diskFull, "")) { try log.commit(next) }
        }

        unlink(ballast)
        try log.commit(LogSamples.batch(acknowledged + 1...acknowledged + 100))
        log.close()
        let again = try SQLiteLog.open(path: path, mode: .existing)
        #expect(try again.read() == LogSamples.batch(1...acknowledged + 100).entries.map(ReadEntry.init))
        #expect(try again.verify().tokenCount == Int(acknowledged) + 100)
        again.close()
    }

    @Test(.enabled(if: TemporaryFileSystem.isPermitted, "mounting is not permitted here"))
    func fullFileSystemRefusesANewLogAndLeavesNone() throws {
        let disk = try TemporaryFileSystem(megabytes: 1)
        RawFile.write([UInt8](repeating: 1, count: 2 << 20), to: disk.folder + "/ballast")
        #expect(throws: StorageError(.diskFull, "")) {
            try SQLiteLog.open(path: disk.folder + "/log.db", mode: .create)
        }
        unlink(disk.folder + "/ballast")
        #expect(try SQLiteLog.open(path: disk.folder + "/log.db", mode: .create).lastRevision == 0)
    }

    @Test(.enabled(if: TemporaryFileSystem.isPermitted, "mounting is not permitted here"))
    func readOnlyFileSystemIsReadAndRefusesWriting() throws {
        let disk = try TemporaryFileSystem(megabytes: 4)
        let path = disk.folder + "/log.db"
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...10))
        log.close()
        try disk.makeReadOnly()
        #expect(throws: StorageError(.readOnly, "")) { try SQLiteLog.open(path: path, mode: .existing) }
        #expect(try SQLiteLog.open(path: path, mode: .readOnly).read().count == 10)
        #expect(try TokenReader(path: path).token(revision: 3) == LogSamples.token(3))
    }

    /// Commits ten entries at a time until the disk is full; gives the last acknowledged revision.
    func fill(_ log: SQLiteLog) throws -> UInt64 {
        var last: UInt64 = 0
        while last < 100_000 {
            do {
                try log.commit(LogSamples.batch(last + 1...last + 10))
                last += 10
            } catch {
                #expect(error.code == .diskFull)
                return last
            }
        }
        Issue.record("the disk never filled")
        return last
    }
}
