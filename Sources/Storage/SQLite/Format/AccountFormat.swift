/// The tables of accounts as files keep them; what they hold is said where they are declared.
enum AccountFormat {
    static let statements: [String] = [
        """
        CREATE TABLE account(did TEXT PRIMARY KEY NOT NULL, handle TEXT NOT NULL UNIQUE, password TEXT NOT NULL, \
        key_public TEXT NOT NULL, key_box BLOB, is_documented_here INTEGER NOT NULL, status INTEGER NOT NULL, \
        created_at INTEGER NOT NULL) WITHOUT ROWID, STRICT
        """,
        """
        CREATE TABLE session(id TEXT PRIMARY KEY NOT NULL, did TEXT NOT NULL, app_password TEXT, \
        refresh TEXT NOT NULL, expires_at INTEGER NOT NULL, edge BLOB NOT NULL, edge_expires_at INTEGER NOT NULL, \
        created_at INTEGER NOT NULL) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX session_by_did ON session(did, app_password)",
        """
        CREATE TABLE app_password(did TEXT NOT NULL, name TEXT NOT NULL, tag BLOB NOT NULL, \
        is_privileged INTEGER NOT NULL, created_at INTEGER NOT NULL, PRIMARY KEY(did, name)) WITHOUT ROWID, STRICT
        """,
        "CREATE UNIQUE INDEX app_password_by_tag ON app_password(did, tag)",
    ]
}
