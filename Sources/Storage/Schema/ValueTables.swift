/// The tables of the key-value plane: one value a path of a space (docs/protocol/kv.md).
///
/// `digest` is the BLAKE3 of `bytes`; `checksum` covers everything else of the row and the name of its space, so that a
/// row that is damaged or moved is never read as another. `headers` is JSON, `[[name, value], …]`. `used` is what the
/// rows of a space cost: the bytes of their values, paths and headers. Times are microseconds since 1970.
enum ValueTables {
    static let statements: [String] = [
        """
        CREATE TABLE kv_space(id INTEGER PRIMARY KEY, space TEXT NOT NULL UNIQUE, value_count INTEGER NOT NULL, \
        used INTEGER NOT NULL) STRICT
        """,
        // Bytes last in the row: what is asked of a value without its bytes stays on the first page.
        """
        CREATE TABLE kv_value(id INTEGER PRIMARY KEY, space INTEGER NOT NULL, path TEXT NOT NULL, \
        digest BLOB NOT NULL, size INTEGER NOT NULL, updated_at INTEGER NOT NULL, checksum INTEGER NOT NULL, \
        headers BLOB NOT NULL, bytes BLOB NOT NULL, UNIQUE(space, path)) STRICT
        """,
    ]
}
