/// The columns of the seal that sum up the tables (see `TableSeal`) and count the commits (see `HeadFile`).
enum SealFormat {
    static let version: Int64 = 4

    static let statements: [String] = [
        "ALTER TABLE seal ADD COLUMN commits INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE seal ADD COLUMN tables BLOB NOT NULL DEFAULT x''",
    ]

    /// Sums up the rows there are. Every step from this version on ends with it, for it changes tables unwatched.
    @Sendable static func seal(_ connection: SQLiteConnection) throws(StorageError) {
        var seal = try LogSeal.read(connection)
        seal.tables = []
        for table in try SealedTable.all(connection) { seal.tables.append(try table.seal(connection)) }
        try LogWriter(connection).update(seal)
    }
}
