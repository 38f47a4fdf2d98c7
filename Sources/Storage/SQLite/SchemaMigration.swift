import CSQLite

/// Brings a database from the version before to `version`, in one transaction.
struct SchemaMigration: Sendable {
    let version: Int64
    let statements: [String]
    /// What the statements cannot say, done after them.
    var finish: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)?

    init(
        version: Int64, statements: [String],
        finish: (@Sendable (SQLiteConnection) throws(StorageError) -> Void)? = nil
    ) {
        self.version = version
        self.statements = statements
        self.finish = finish
    }
}

/// Names a file format: its marker and the ordered steps that lead to its newest version.
struct SchemaFormat: Sendable {
    /// SQLite's `application_id`, which tells this format from every other database.
    let applicationID: Int64
    /// Versions 1, 2, 3 and so on, without gaps.
    let migrations: [SchemaMigration]

    var version: Int64 { migrations.last?.version ?? 0 }

    /// Applies the steps above the file's version, each wholly or not at all.
    func migrate(_ connection: SQLiteConnection) throws(StorageError) {
        let from = try connection.integer("PRAGMA user_version")
        for step in migrations where step.version > from {
            try connection.transaction { () throws(StorageError) in
                for sql in step.statements { try connection.execute(sql) }
                try step.finish?(connection)
                try connection.execute("PRAGMA application_id = \(applicationID)")
                try connection.execute("PRAGMA user_version = \(step.version)")
            }
        }
    }

    /// Refuses a file of another kind or a newer version; gives the version.
    @discardableResult
    func checkMarker(_ connection: SQLiteConnection) throws(StorageError) -> Int64 {
        let marker = try connection.integer("PRAGMA application_id")
        let version = try connection.integer("PRAGMA user_version")
        try check(marker, version, connection.path)
        return version
    }

    /// Does the same by the file's first bytes alone, taking no lock and changing nothing.
    ///
    /// Those bytes are sound whenever the file is ours, while the pages behind them may be half moved from the
    /// write-ahead log: a crash there is for SQLite to mend, not a reason to refuse.
    func checkHeader(of file: DatabaseFile) throws(StorageError) {
        let connection = try SQLiteConnection(path: file.path, access: .immutable)
        let header = try connection.firstBytes(100)
        guard header.starts(with: "SQLite format 3\0".utf8) else {
            throw StorageError(sqlite: SQLITE_NOTADB, handle: nil, path: file.path)
        }
        func number(_ offset: Int) -> Int64 {
            Int64(Int32(truncatingIfNeeded: header[offset..<offset + 4].reduce(0) { $0 << 8 | Int64($1) }))
        }
        try check(number(68), number(60), file.path)
    }

    private func check(_ marker: Int64, _ version: Int64, _ path: String) throws(StorageError) {
        guard marker == applicationID else {
            throw StorageError(
                .notADatabase,
                "`\(path)` is another application's database",
                hint: "check the path; nothing was changed"
            )
        }
        guard version <= self.version else {
            throw StorageError(
                .newerFormat,
                "`\(path)` has format \(version), this release reads up to \(self.version)",
                hint: "use the release that wrote it, or a newer one; nothing was changed"
            )
        }
        guard version > 0 else { throw StorageError(.corrupt, "`\(path)` has lost its format version") }
    }

    /// Compares every table, index and trigger with what the steps and the families' declarations make: nothing missing,
    /// nothing added but tables of families that this opening does not know, which the seal does.
    func checkSchema(_ connection: SQLiteConnection, with tables: [TableSchema] = []) throws(StorageError) {
        let fresh = try SQLiteConnection(inMemory: ())
        try migrate(fresh)
        var wanted = try SchemaFormat.objects(fresh)
        let format = Set(wanted.map(\.table))
        for table in tables where !format.contains(table.name) {
            for sql in RowTexts.create(table) { try fresh.execute(sql) }
        }
        wanted = try SchemaFormat.objects(fresh)
        let known = Set(wanted.map(\.table))
        var found = try SchemaFormat.objects(connection)
        let others = found.filter { !known.contains($0.table) && !$0.isTrigger }
        if !others.isEmpty, let seal = try? LogSeal.read(connection) {
            let sealed = Set(seal.tables.map(\.table))
            found.removeAll { !known.contains($0.table) && !$0.isTrigger && sealed.contains($0.table) }
        }
        guard found == wanted else {
            throw StorageError(
                .corrupt,
                "`\(connection.path)` does not have the tables of its format",
                hint: "restore it from a backup"
            )
        }
    }

    /// A table, an index or a trigger, and the table it is of.
    private struct Object: Equatable {
        let table: String
        let isTrigger: Bool
        let text: String
    }

    private static func objects(_ connection: SQLiteConnection) throws(StorageError) -> [Object] {
        let query = try connection.prepare(
            """
            SELECT tbl_name, type = 'trigger', type || ' ' || name || ': ' || coalesce(sql, '') FROM sqlite_schema \
            WHERE name NOT LIKE 'sqlite_%' ORDER BY 3
            """
        )
        var rows: [Object] = []
        while try query.step() {
            rows.append(Object(table: query.text(0), isTrigger: query.integer(1) != 0, text: query.text(2)))
        }
        return rows
    }
}
