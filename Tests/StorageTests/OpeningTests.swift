import CapTesting
import Glibc
import Storage
import Testing

@Suite struct OpeningTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    /// Opens the file every way that needs it to exist and expects the same refusal and the same bytes after.
    func expectRefusal(_ code: StorageError.Code, sourceLocation: SourceLocation = #_sourceLocation) {
        let before = RawFile.read(path)
        let beside = Scratch.names(in: scratch.folder)
        for mode in [SQLiteLog.Mode.create, .existing, .readOnly] {
            #expect(throws: StorageError(code, ""), sourceLocation: sourceLocation) {
                try SQLiteLog.open(path: path, mode: mode)
            }
        }
        #expect(throws: StorageError(code, ""), sourceLocation: sourceLocation) { try TokenReader(path: path) }
        #expect(RawFile.read(path) == before, sourceLocation: sourceLocation)
        #expect(Scratch.names(in: scratch.folder) == beside, sourceLocation: sourceLocation)
    }

    func edit(_ sql: String, at path: String? = nil) { RawSQL.run(sql, at: path ?? self.path) }

    @Test func missingFileIsOnlyMadeWhenAsked() throws {
        for mode in [SQLiteLog.Mode.existing, .readOnly] {
            #expect(throws: StorageError(.notFound, "")) { try SQLiteLog.open(path: path, mode: mode) }
        }
        #expect(throws: StorageError(.notFound, "")) { try TokenReader(path: path) }
        #expect(Scratch.names(in: scratch.folder) == [])
        for wrong in ["", "a\0b", scratch.path("no/such/log.db"), scratch.path("no/")] {
            #expect(throws: StorageError(.notFound, "")) { try SQLiteLog.open(path: wrong, mode: .create) }
        }
        _ = try SQLiteLog.open(path: path, mode: .create)
    }

    @Test func newFileIsPrivateAndComplete() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        var info = stat()
        #expect(stat(path, &info) == 0)
        #expect(info.st_mode & 0o777 == 0o600)
        #expect(
            Scratch.names(in: scratch.folder) == ["log.db", "log.db-shm", "log.db-wal", "log.db.head", "log.db.lock"])
        log.close()
        #expect(Scratch.names(in: scratch.folder) == ["log.db", "log.db.head", "log.db.lock"])
    }

    @Test func emptyFileCountsAsNone() throws {
        RawFile.write([], to: path)
        #expect(throws: StorageError(.notFound, "")) { try SQLiteLog.open(path: path, mode: .existing) }
        #expect(try SQLiteLog.open(path: path, mode: .create).lastRevision == 0)
    }

    @Test func garbageIsRefusedUnchanged() {
        RawFile.write(Array("these are not the bytes of any database at all".utf8), to: path)
        expectRefusal(.notADatabase)
        RawFile.write([UInt8](repeating: 0xa5, count: 20_000), to: path)
        expectRefusal(.notADatabase)
    }

    @Test func folderIsRefused() {
        mkdir(path, 0o700)
        defer { rmdir(path) }
        expectRefusal(.notADatabase)
    }

    @Test func databaseOfAnotherApplicationIsRefusedUnchanged() {
        edit("CREATE TABLE contacts(name TEXT)")
        expectRefusal(.notADatabase)
        edit("PRAGMA application_id = 7; PRAGMA user_version = 1")
        expectRefusal(.notADatabase)
    }

    @Test func newerFormatIsRefusedUnchanged() throws {
        try SQLiteLog.open(path: path, mode: .create).close()
        unlink(path + ".lock")
        edit("PRAGMA journal_mode = DELETE; PRAGMA user_version = 99")
        expectRefusal(.newerFormat)
    }

    @Test func changedTablesAreRefused() throws {
        for change in [
            "DROP TABLE mark", "CREATE TABLE more(x)", "CREATE INDEX byKind ON log(kind)",
            "CREATE TRIGGER quiet BEFORE INSERT ON log BEGIN SELECT raise(IGNORE); END",
        ] {
            let path = scratch.path("changed.db")
            unlink(path)
            try SQLiteLog.open(path: path, mode: .create).close()
            edit(change, at: path)
            for mode in [SQLiteLog.Mode.existing, .readOnly] {
                #expect(throws: StorageError(.corrupt, "")) { try SQLiteLog.open(path: path, mode: mode) }
            }
        }
    }

    @Test func writeAheadLogWithoutItsDatabaseIsRefused() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...3))
        let left = RawFile.read(path + "-wal")
        log.close()
        unlink(path)
        RawFile.write(left, to: path + "-wal")
        #expect(throws: StorageError(.corrupt, "")) { try SQLiteLog.open(path: path, mode: .create) }
        #expect(RawFile.read(path + "-wal") == left)
    }

    @Test func secondWriterIsToldWhoHoldsTheLog() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        let link = scratch.path("other-name.db")
        #expect(symlink(path, link) == 0)
        for name in [path, link] {
            let error = #expect(throws: StorageError.self) { try SQLiteLog.open(path: name, mode: .existing) }
            #expect(error?.code == .locked)
            #expect(error?.message == "`\(path)` is in use by process \(getpid())")
            #expect(error?.hint != nil)
        }
        log.close()
        _ = try SQLiteLog.open(path: link, mode: .existing)
    }

    @Test func readersWorkBesideTheWriter() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...10))
        let reader = try SQLiteLog.open(path: path, mode: .readOnly)
        try log.commit(LogSamples.batch(11...20))
        // A reader stays at the revision it opened, until told to move.
        #expect(try reader.read().count == 10)
        #expect(try reader.refresh() == 20)
        #expect(try reader.read(after: 10).count == 10)
        #expect(throws: StorageError(.readOnly, "")) { try reader.commit(LogSamples.batch(21...21)) }
        #expect(throws: StorageError(.readOnly, "")) { try reader.setMeta("key", []) }
        log.close()
        #expect(try reader.read().count == 20)
    }

    @Test func pathWithSpecialCharactersIsTakenLiterally() throws {
        let odd = scratch.path("odd ?mode=rw&x#%41 ü.db")
        let log = try SQLiteLog.open(path: odd, mode: .create)
        try log.commit(LogSamples.batch(1...2))
        log.close()
        #expect(Scratch.names(in: scratch.folder).contains("odd ?mode=rw&x#%41 ü.db"))
        #expect(try SQLiteLog.open(path: odd, mode: .existing).lastRevision == 2)
    }
}
