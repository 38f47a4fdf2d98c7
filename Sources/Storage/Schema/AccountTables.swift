/// The tables of accounts: passwords, keys, sessions.
///
/// `account.key_box` is the signing key sealed under the data folder's key file, NULL when its owner keeps the key;
/// `key_public` is its did:key. `session.refresh` ends with the id of the one refresh token that has not been used yet,
/// behind those used lately, each with the time of its use (`id time id time … id`), and `session.edge` names the graph's
/// edge that lets the session act. `app_password.tag` is a keyed hash by which a random password is found.
enum AccountTables {
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
