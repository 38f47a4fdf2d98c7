import CapTesting
import Glibc
import Multiformats
import Storage
import Testing

@Suite struct DamageTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    /// Writes a log, closes it, and gives the bytes of its one file.
    func sound(_ path: String, entries: ClosedRange<UInt64>) throws -> [UInt8] {
        let log = try SQLiteLog.open(path: path, mode: .create)
        let marks = (1...64).map { LogSamples.mark($0, expiresAt: 1 << 50 + Int64($0)) }
        try log.commit(LogBatch(entries: LogSamples.batch(entries).entries, marks: marks))
        try log.setMeta("key", Array(1...32))
        log.close()
        return RawFile.read(path)
    }

    /// Everything a start reads.
    struct Content: Equatable {
        let entries: [ReadEntry]
        let marks: [ReplayMark]
        let key: [UInt8]?

        init(_ log: SQLiteLog) throws {
            entries = try log.read()
            marks = try log.marks(notBefore: 0)
            key = try log.meta("key")
        }
    }

    @Test func flippedBitsAreRefusedAndNeverReadAsSomethingElse() throws {
        var random = SeededGenerator.printed("flippedBitsAreRefusedAndNeverReadAsSomethingElse")
        let good = try sound(path, entries: 1...60)
        let content = try Content(SQLiteLog.open(path: path, mode: .readOnly))
        var refused = 0
        let rounds = Environment.value("CAPTEST_ROUNDS").flatMap { Int($0) } ?? 300
        for _ in 0..<rounds {
            var bad = good
            for _ in 0..<random.int(in: 1...4) {
                bad[random.int(in: 0...bad.count - 1)] ^= 1 << UInt8(random.int(in: 0...7))
            }
            RawFile.write(bad, to: path)
            unlink(path + "-wal")
            unlink(path + "-shm")
            do {
                let log = try SQLiteLog.open(path: path, mode: .readOnly)
                #expect(try Content(log) == content)
                let reader = try TokenReader(path: path)
                for revision in UInt64(1)...60 {
                    let token = try reader.token(revision: revision, expecting: BLAKE3.hash(LogSamples.token(revision)))
                    #expect(token == LogSamples.token(revision))
                }
            } catch let error as StorageError {
                #expect(error.code != .internal, "\(error)")
                refused += 1
            }
        }
        // A good part of the file is pages of tables that are still empty, which nothing of this reads.
        #expect(refused > rounds / 10)
    }

    @Test func overwrittenPageIsRefused() throws {
        let good = try sound(path, entries: 1...200)
        for page in 1..<good.count / 4096 {
            var bad = good
            for index in page * 4096..<(page + 1) * 4096 { bad[index] = 0x5a }
            RawFile.write(bad, to: path)
            #expect(throws: StorageError(.corrupt, "")) { try SQLiteLog.open(path: path, mode: .existing).verify() }
        }
    }

    @Test func fileCutShortIsRefused() throws {
        let good = try sound(path, entries: 1...200)
        for count in [good.count - 1, good.count - 4096, good.count / 2, 4096, 512, 99] {
            RawFile.write(Array(good[..<count]), to: path)
            #expect(throws: StorageError.self) { try SQLiteLog.open(path: path, mode: .existing).verify() }
        }
    }

    @Test func rowsRemovedReorderedOrChangedBehindOurBackAreSeen() throws {
        let good = try sound(path, entries: 1...20)
        for change in [
            "DELETE FROM log WHERE revision = 7", "DELETE FROM log WHERE revision = 1",
            "UPDATE log SET kind = kind + 1 WHERE revision = 3",
            "UPDATE log SET kind = 300 WHERE revision = 3",
            "UPDATE log SET recorded_at = recorded_at + 1 WHERE revision = 20",
            "UPDATE log SET record = x'' WHERE revision = 9",
            "UPDATE log SET revision = 21 WHERE revision = 20", "DELETE FROM log WHERE revision = 20",
            "DELETE FROM log",
            "UPDATE log SET record = (SELECT record FROM log WHERE revision = 5), "
                + "checksum = (SELECT checksum FROM log WHERE revision = 5) WHERE revision = 6",
        ] {
            RawFile.write(good, to: path)
            RawSQL.run(change, at: path)
            #expect(throws: StorageError(.corrupt, ""), "\(change)") {
                try SQLiteLog.open(path: path, mode: .existing).read()
            }
        }
        for change in [
            "UPDATE mark SET marks = CAST(marks || marks AS BLOB)", "UPDATE mark SET id = id + 1", "DELETE FROM mark",
        ] {
            RawFile.write(good, to: path)
            RawSQL.run(change, at: path)
            let log = try SQLiteLog.open(path: path, mode: .existing)
            #expect(throws: StorageError(.corrupt, ""), "\(change)") { try log.marks(notBefore: 0) }
        }
        for change in ["UPDATE meta SET value = x'00'", "UPDATE meta SET key = 'other'", "DELETE FROM meta"] {
            RawFile.write(good, to: path)
            RawSQL.run(change, at: path)
            let log = try SQLiteLog.open(path: path, mode: .existing)
            #expect(throws: StorageError(.corrupt, ""), "\(change)") { try log.meta("key") }
        }
        for change in ["DELETE FROM seal", "UPDATE seal SET tokens = 1", "UPDATE seal SET meta = 0"] {
            RawFile.write(good, to: path)
            RawSQL.run(change, at: path)
            #expect(throws: StorageError(.corrupt, ""), "\(change)") {
                try SQLiteLog.open(path: path, mode: .existing)
            }
        }
        RawFile.write(good, to: path)
        RawSQL.run("DELETE FROM token WHERE revision = 4", at: path)
        #expect(throws: StorageError(.corrupt, "")) { try SQLiteLog.open(path: path, mode: .existing).verify() }
    }
}
