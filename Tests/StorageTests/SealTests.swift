import CapTesting
import Glibc
import Testing
import UCAN

@testable import CapabilityGraph
@testable import Multiformats
@testable import Storage

@Suite struct SealTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }
    static let now = Timestamp(seconds: 1_700_000_000)

    /// A column as the schema has it.
    struct Column {
        let name: String
        let type: String
    }

    /// Every table the seal covers, with its columns, by asking the schema.
    func tables() throws -> [(name: String, columns: [Column])] {
        let connection = try SQLiteConnection(inMemory: ())
        try SchemaFormat.log.migrate(connection)
        return try SealedTable.all(connection).map { table in
            let query = try connection.prepare("SELECT name, type FROM pragma_table_xinfo(?1) WHERE hidden = 0")
            try query.bind(1, text: table.name)
            var columns: [Column] = []
            while try query.step() { columns.append(Column(name: query.text(0), type: query.text(1))) }
            return (table.name, columns)
        }
    }

    /// Puts two rows of made-up values into every table but that of values, which checks what stands in it; then
    /// changes, deletes and takes back others, so that every kind of change is summed up.
    func fill(_ tables: [(name: String, columns: [Column])]) throws {
        let store = try GraphStore.open(path: path, families: Families([TinyCloud()]))
        defer { store.close() }
        struct TakenBack: Error {}
        for (name, columns) in tables where !name.hasPrefix("kv_") {
            let names = columns.map(\.name).joined(separator: ", ")
            let places = columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
            let insert = "INSERT INTO \(name)(\(names)) VALUES(\(places))"
            func row(_ number: Int64) -> [RowValue] {
                columns.enumerated().map { index, column in
                    switch column.type {
                    case "INTEGER": .integer(number * 16)
                    case "TEXT": .text("\(name)-\(column.name)-\(number)")
                    default: .blob(Array("\(name)-\(column.name)-\(number)".utf8))
                    }
                }
            }
            let rows = (1...5).map { row($0) }
            let (key, third, fourth) = (columns[0].name, rows[2][0], rows[3][0])
            try store.transact(at: Self.now) { change in
                for row in rows[..<4] { try change.run(insert, row) }
                try change.run("UPDATE \(name) SET \(key) = ?2 WHERE \(key) = ?1", [third, rows[4][0]])
                try change.run("DELETE FROM \(name) WHERE \(key) = ?1", [rows[4][0]])
                try change.run("DELETE FROM \(name) WHERE \(key) = ?1", [fourth])
            }
            #expect(throws: TakenBack.self) {
                try store.transact(at: Self.now) { change in
                    try change.run("DELETE FROM \(name)")
                    try change.run(insert, rows[4])
                    throw TakenBack()
                }
            }
        }
        let space = try Space("tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:notes")
        try store.transact(at: Self.now) { change in
            for path in ["a", "b"] {
                try ValueWriter(change, quota: 0).put(
                    [(path, NewValue(bytes: Array(path.utf8), headers: []))], in: space)
            }
        }
    }

    /// Expects that `verify` sees a change of a table and says so in these words, or else names the table.
    private func verify(
        _ change: String, of table: String, says words: String? = nil, _ good: [UInt8], isNamedByHash: Bool = false
    ) {
        RawFile.write(good, to: path)
        RawSQL.run(change, at: path)
        do {
            _ = try SQLiteLog.open(path: path, mode: .readOnly).verify()
            Issue.record("`\(change)` is not seen")
        } catch let error as StorageError {
            #expect(
                error.code == .corrupt && error.message.contains(words ?? "`\(table)`"), "\(change): \(error.message)")
        } catch {
            Issue.record("`\(change)`: \(error)")
        }
        // A service does not start on it either, unless the table is too large to be read at a start; what a row names by a
        // hash is compared when it is read.
        guard !isNamedByHash else { return }
        #expect(throws: StorageError(.corrupt, ""), "\(change)") { try SQLiteLog.open(path: path, mode: .existing) }
        guard !SealedTable.large.contains(table) else { return }
        var options = SQLiteLogOptions()
        options.wholeCheckBytes = 0
        #expect(throws: StorageError(.corrupt, ""), "\(change)") {
            try SQLiteLog.open(path: path, mode: .existing, options: options)
        }
    }

    @Test func aChangeOfAnyColumnOfAnyTableIsSeenAndTheTableNamed() throws {
        let tables = try tables()
        try fill(tables)
        let good = RawFile.read(path)
        _ = try SQLiteLog.open(path: path, mode: .readOnly).verify()
        for (name, columns) in tables where name != "kv_value" {
            // What a space holds is compared with its values first.
            let words = name == "kv_space" ? "" : nil
            let row = "WHERE \(columns[0].name) = (SELECT max(\(columns[0].name)) FROM \(name))"
            // Bytes that another column names by a hash are compared with it, see RepoVerificationTests.
            for column in columns where SealedTable.hashed[name]?.contains(column.name) != true {
                let changed =
                    switch column.type {
                    case "INTEGER": "\(column.name) + 1"
                    case "TEXT": "substr(\(column.name), 1, length(\(column.name)) - 1) || 'x'"
                    default: "CAST(substr(\(column.name), 1, length(\(column.name)) - 1) || 'x' AS BLOB)"
                    }
                verify("UPDATE \(name) SET \(column.name) = \(changed) \(row)", of: name, says: words, good)
            }
            verify("DELETE FROM \(name) \(row)", of: name, says: words, good)
            verify("DELETE FROM \(name)", of: name, says: words, good)
            let copied = columns.map { column in
                switch column.type {
                case "INTEGER": "\(column.name) + 7"
                case "TEXT": "\(column.name) || 'y'"
                default: "CAST(\(column.name) || 'y' AS BLOB)"
                }
            }
            let names = columns.map(\.name).joined(separator: ", ")
            verify(
                "INSERT INTO \(name)(\(names)) SELECT \(copied.joined(separator: ", ")) FROM \(name) \(row)",
                of: name, says: words,
                good)
        }
        for change in [
            "UPDATE kv_value SET path = 'c' WHERE path = 'a'", "UPDATE kv_value SET size = 2 WHERE path = 'a'",
            "UPDATE kv_value SET id = id + 7",
        ] { verify(change, of: "kv_value", says: "", good) }
        verify(
            "UPDATE kv_value SET bytes = x'00' WHERE path = 'a'", of: "kv_value", says: "", good, isNamedByHash: true)
    }

    private func offsets(of value: [UInt8], in bytes: [UInt8]) -> [Int] {
        bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return [] }
            return (0...bytes.count - value.count).filter { memcmp(start + $0, value, value.count) == 0 }
        }
    }

    /// A row found by an index that is damaged is the wrong one, or none: a start looks at the indexes as at the rows.
    @Test func aFlippedBitOfAnyCopyOfAValueIsNotStartedOn() throws {
        let tables = try tables()
        try fill(tables)
        let good = RawFile.read(path)
        for (name, columns) in tables where !SealedTable.large.contains(name) && !name.hasPrefix("kv_") {
            for column in columns where column.type != "INTEGER" {
                let value = Array("\(name)-\(column.name)-1".utf8)
                let places = offsets(of: value, in: good)
                #expect(!places.isEmpty, "\(name).\(column.name)")
                for place in places {
                    var bad = good
                    bad[place + value.count - 1] ^= 4
                    RawFile.write(bad, to: path)
                    #expect(throws: StorageError(.corrupt, ""), "\(name).\(column.name) at \(place)") {
                        try SQLiteLog.open(path: path, mode: .existing)
                    }
                }
            }
        }
    }

    /// The seal reads old values by column, and SQLite gives the hook null for a default that no row holds yet.
    @Test func columnsThatAreSummedUpHaveNoDefaults() throws {
        let connection = try SQLiteConnection(inMemory: ())
        try SchemaFormat.log.migrate(connection)
        for table in try SealedTable.all(connection) {
            let query = try connection.prepare("SELECT count(*) FROM pragma_table_xinfo(?1) WHERE dflt_value NOT NULL")
            try query.bind(1, text: table.name)
            #expect(try query.step() && query.integer(0) == 0, "\(table.name)")
            let types = try connection.prepare(
                "SELECT count(*) FROM pragma_table_xinfo(?1) WHERE type NOT IN ('INTEGER', 'TEXT', 'BLOB')")
            try types.bind(1, text: table.name)
            #expect(try types.step() && types.integer(0) == 0, "\(table.name)")
        }
    }

    @Test func theSealOfAnUpgradeIsTheOneOfTheRowsThatAreThere() throws {
        let connection: SQLiteConnection
        RawFile.write([], to: path)
        connection = try SQLiteConnection(path: path, access: .readWrite)
        let old = SchemaFormat(
            applicationID: SchemaFormat.log.applicationID, migrations: Array(SchemaFormat.log.migrations[..<3]))
        try old.migrate(connection)
        try connection.execute("INSERT INTO write_budget VALUES('did:web:a.example', 1, 2, 3, 4)")
        try SchemaFormat.log.migrate(connection)
        let seal = try LogSeal.read(connection)
        #expect(seal.tables.first { $0.table == "write_budget" }?.rowCount == 1)
        _ = try SQLiteLog.open(path: path, mode: .existing).verify()
    }

    /// Leaves the files of a service that was killed: three commits of tables and log that only the write-ahead log has.
    private func killed() throws -> (files: [String: [UInt8]], last: UInt64) {
        let log = try SQLiteLog.open(path: path, mode: .create)
        for first in [UInt64(1), 4, 7] { try log.commit(LogSamples.batch(first...first + 2)) }
        try log.transaction { tables in
            try? tables.run("INSERT INTO write_budget VALUES('did:web:a.example', 1, 2, 3, 4)", [])
            return LogBatch()
        }
        var files: [String: [UInt8]] = [:]
        for name in ["log.db", "log.db-wal", "log.db.head"] { files[name] = RawFile.read(scratch.path(name)) }
        log.close()
        return (files, 9)
    }

    private func lay(_ files: [String: [UInt8]]) {
        for name in Scratch.names(in: scratch.folder) { unlink(scratch.path(name)) }
        for (name, bytes) in files { RawFile.write(bytes, to: scratch.path(name)) }
    }

    @Test func aWriteAheadLogThatIsGoneOrCutShortIsRefused() throws {
        let (files, last) = try killed()
        let whole = try #require(files["log.db-wal"])
        #expect(whole.count > 4 * 4096)
        lay(files)
        #expect(try SQLiteLog.open(path: path, mode: .existing).lastRevision == last)
        for count in [0, 32, whole.count / 2, whole.count - 1, whole.count - 4120] {
            for mode in [SQLiteLog.Mode.readOnly, .existing, .create] {
                var files = files
                files["log.db-wal"] = count == 0 ? nil : Array(whole[..<count])
                lay(files)
                #expect(throws: StorageError(.corrupt, ""), "\(count) bytes, \(mode)") {
                    try SQLiteLog.open(path: path, mode: mode)
                }
                // Nothing was changed: with the whole file back, everything is there.
                if mode == .readOnly {
                    lay(files.merging(["log.db-wal": whole]) { $1 })
                    #expect(try SQLiteLog.open(path: path, mode: .existing).lastRevision == last)
                }
            }
        }
    }

    /// Closing a database moves what is sound of its write-ahead log into it and removes the log: with a damaged one, that
    /// would take the commits behind the damage, and the only file they could be saved from.
    @Test func anOpeningThatIsRefusedLeavesEveryFileAsItWas() throws {
        let (sound, _) = try killed()
        let whole = try #require(sound["log.db-wal"])
        var damages: [(name: String, offset: Int)] = [("log.db.head", 12), ("log.db-wal", 2)]
        for offset in [40, whole.count / 2, whole.count - 100] { damages.append(("log.db-wal", offset)) }
        for (name, offset) in damages {
            for mode in [SQLiteLog.Mode.readOnly, .existing, .create] {
                var files = sound
                files[name]?[offset] ^= 1
                lay(files)
                #expect(throws: StorageError(.corrupt, ""), "\(offset) of \(name), \(mode)") {
                    try SQLiteLog.open(path: path, mode: mode)
                }
                for (file, bytes) in files {
                    #expect(RawFile.read(scratch.path(file)) == bytes, "\(file), \(offset) of \(name), \(mode)")
                }
            }
        }
    }

    @Test func anEmptiedOrMissingDatabaseDoesNotStartAfresh() throws {
        let (files, _) = try killed()
        for bytes in [nil, []] as [[UInt8]?] {
            var files = files
            files["log.db-wal"] = nil
            files["log.db"] = bytes
            lay(files)
            #expect(throws: StorageError(.corrupt, "")) { try SQLiteLog.open(path: path, mode: .create) }
            unlink(path + ".head")
            #expect(try SQLiteLog.open(path: path, mode: .create).lastRevision == 0)
        }
    }

    @Test func aHeadFileThatAPowerCutLeftBehindOrEmptyIsNoReasonToRefuse() throws {
        let (files, last) = try killed()
        let head = try #require(files["log.db.head"])
        for bytes in [[], [UInt8](repeating: 0, count: head.count), nil] {
            lay(files.filter { $0.key != "log.db.head" }.merging(bytes.map { ["log.db.head": $0] } ?? [:]) { $1 })
            #expect(try SQLiteLog.open(path: path, mode: .existing).lastRevision == last)
            #expect(RawFile.read(path + ".head") == head)
        }
        var bad = head
        bad[12] ^= 1
        lay(files.merging(["log.db.head": bad]) { $1 })
        #expect(throws: StorageError(.corrupt, "")) { try SQLiteLog.open(path: path, mode: .existing) }
    }
}
