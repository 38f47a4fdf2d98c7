/// The tables of the key-value plane as files keep them; what they hold is said where they are declared.
enum ValueFormat {
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
