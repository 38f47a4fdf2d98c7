import CSQLite

/// A table whose rows are summed up in the seal, and the columns that count.
struct SealedTable: Sendable {
    let name: String
    /// Names of the columns and where each stands in the table.
    let columns: [(name: String, index: Int32)]
    private let seed: UInt64

    /// Tables with a rule of their own: the log's chain, the tokens' ids and number, the sums of marks and kept values.
    static let apart: Set<String> = ["log", "token", "mark", "meta", "seal"]

    /// Columns that another column of the row names by a hash: a read compares them, and so does `verify`.
    static let hashed: [String: Set<String>] = [
        "record": ["value"], "repo": ["state"], "blob": ["bytes"], "kv_value": ["bytes"],
    ]

    /// Tables that may be too large to read at a start (`wholeCheckBytes`). Their rows then are compared when they are read, where they name
    /// their bytes by a hash, and all of them by `verify`.
    static let large: Set<String> = ["record", "operation", "repo", "blob", "blob_reference", "kv_value", "outbox"]

    /// Gives the tables of a database, by name, whatever they are: a new table needs no entry here.
    static func all(_ connection: SQLiteConnection) throws(StorageError) -> [SealedTable] {
        let tables = try connection.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name")
        let columns = try connection.prepare("SELECT name, cid, hidden FROM pragma_table_xinfo(?1) ORDER BY cid")
        var all: [SealedTable] = []
        while try tables.step() {
            let name = tables.text(0)
            guard !apart.contains(name) else { continue }
            var counted: [(name: String, index: Int32)] = []
            try columns.bind(1, text: name)
            while try columns.step() {
                let column = columns.text(0)
                // A generated column is made of others.
                guard columns.integer(2) == 0, hashed[name]?.contains(column) != true else { continue }
                counted.append((column, Int32(columns.integer(1))))
            }
            columns.reset()
            all.append(SealedTable(name: name, columns: counted))
        }
        return all
    }

    private init(name: String, columns: [(name: String, index: Int32)]) {
        self.name = name
        self.columns = columns
        seed = Array(name.utf8).withUnsafeBytes { Checksum.row(0, $0) }
    }

    /// Hashes one row, whose values `value` gives by their place among `columns`; nil when one cannot be had.
    func checksum(_ value: (Int) -> OpaquePointer?) -> UInt64? {
        var checksum = Checksum(seed: seed)
        for place in columns.indices {
            guard let value = value(place) else { return nil }
            let type = sqlite3_value_type(value)
            checksum.mix(UInt64(type))
            switch type {
            case SQLITE_NULL: break
            case SQLITE_INTEGER: checksum.mix(UInt64(bitPattern: sqlite3_value_int64(value)))
            default:
                let start = sqlite3_value_blob(value)
                checksum.mix(
                    UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_value_bytes(value))))
            }
        }
        return checksum.finished()
    }

    /// Whether the pages of the table and its indexes are in order and say the same.
    func isWhole(_ connection: SQLiteConnection) throws(StorageError) -> Bool {
        let check = try connection.prepare("PRAGMA integrity_check(\"\(name)\")")
        return try check.step() && check.text(0) == "ok"
    }

    /// Reads all rows and sums them up.
    func seal(_ connection: SQLiteConnection) throws(StorageError) -> TableSeal {
        let names = columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
        let rows = try connection.prepare("SELECT \(names) FROM \"\(name)\"")
        var seal = TableSeal(table: name)
        while try rows.step() {
            guard let row = checksum({ rows.value(Int32($0)) }) else {
                throw StorageError(.internal, "a row of `\(name)` cannot be read")
            }
            seal.add(row)
        }
        return seal
    }
}
