extension SchemaFormat {
    /// The tables of the log.
    ///
    /// `token.id` has no index: token ids are unique because the graph refuses a second one in memory, and an index
    /// on hashes would touch a random page for each insert, which costs more than the rest of the commit together.
    /// `mark.id` is the expiry of the row's last mark rounded up to a second plus a counter, so that rows stand in the
    /// order they leave and pruning is a range at the table's start. `seal` is one row, see `LogSeal`.
    static let log = SchemaFormat(
        applicationID: 0x4361_704c,  // "CapL"
        migrations: [
            SchemaMigration(
                version: 1,
                statements: [
                    """
                    CREATE TABLE log(revision INTEGER PRIMARY KEY, kind INTEGER NOT NULL, recorded_at INTEGER NOT NULL, \
                    checksum INTEGER NOT NULL, record BLOB NOT NULL) STRICT
                    """,
                    "CREATE TABLE token(revision INTEGER PRIMARY KEY, id BLOB NOT NULL, bytes BLOB NOT NULL) STRICT",
                    "CREATE TABLE mark(id INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, marks BLOB NOT NULL) STRICT",
                    """
                    CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL) \
                    WITHOUT ROWID, STRICT
                    """,
                    """
                    CREATE TABLE seal(id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, \
                    chain INTEGER NOT NULL, tokens INTEGER NOT NULL, marks INTEGER NOT NULL, meta INTEGER NOT NULL, \
                    checksum INTEGER NOT NULL) STRICT
                    """,
                    "INSERT INTO seal VALUES(1, 0, 0, 0, 0, 0, \(Int64(bitPattern: LogSeal().checksum)))",
                ]
            ),
            SchemaMigration(
                version: 2,
                statements: AccountFormat.statements + FormerSpaceFormat.statements + RepoFormat.statements
                    + NotifyFormat.statements
            ),
            SchemaMigration(version: 3, statements: [RepoFormat.referencesByBlob] + ValueFormat.statements),
            SchemaMigration(
                version: 4, statements: FormerSpaceFormat.takeover + SealFormat.statements, finish: SealFormat.seal),
        ]
    )
}
