/// The tables of repositories as files keep them; what they hold is said where they are declared.
enum RepoFormat {
    static let statements: [String] = [
        // `rev` is the space's revision, null before its first accepted write. A row stays when the space is deleted,
        // so that a space made again under its name goes on above it.
        """
        CREATE TABLE space_revision(id INTEGER PRIMARY KEY, uri TEXT NOT NULL UNIQUE, rev INTEGER) STRICT
        """,
        // One repo per (space, author). `state` is the set hash's 2048 bytes and `digest` their SHA-256. Operations up
        // to `pruned_through` are no longer in the log. `status`: 0 live, 1 orphaned, 2 deleted, 3 taken down.
        """
        CREATE TABLE repo(id INTEGER PRIMARY KEY, space INTEGER NOT NULL, author TEXT NOT NULL, \
        status INTEGER NOT NULL, rev INTEGER NOT NULL, record_count INTEGER NOT NULL, \
        operation_count INTEGER NOT NULL, pruned_through INTEGER NOT NULL, digest BLOB NOT NULL, state BLOB NOT NULL, \
        UNIQUE(space, author)) STRICT
        """,
        "CREATE INDEX repo_by_author ON repo(author, space)",
        """
        CREATE TABLE record(id INTEGER PRIMARY KEY, space INTEGER NOT NULL, repo INTEGER NOT NULL, \
        collection TEXT NOT NULL, rkey TEXT NOT NULL, cid BLOB NOT NULL, rev INTEGER NOT NULL, \
        path TEXT NOT NULL AS (collection || '/' || rkey) VIRTUAL, \
        path_length INTEGER NOT NULL AS (length(collection) + length(rkey) + 1) VIRTUAL, value BLOB NOT NULL) STRICT
        """,
        "CREATE UNIQUE INDEX record_by_path ON record(repo, collection, rkey)",
        // The order of an export: shortest path first, then by bytes.
        "CREATE INDEX record_by_export ON record(repo, path_length, path)",
        // Listings over all repos of a space, oldest write first.
        "CREATE INDEX record_by_age ON record(space, rev)",
        // `action`: 0 create, 1 update, 2 delete.
        """
        CREATE TABLE operation(repo INTEGER NOT NULL, rev INTEGER NOT NULL, idx INTEGER NOT NULL, \
        action INTEGER NOT NULL, collection TEXT NOT NULL, rkey TEXT NOT NULL, cid BLOB, prev BLOB, \
        PRIMARY KEY(repo, rev, idx)) WITHOUT ROWID, STRICT
        """,
        // The writers of a space as its host lists them, whether their repos are here or elsewhere.
        """
        CREATE TABLE space_writer(space INTEGER NOT NULL, did TEXT NOT NULL, rev INTEGER NOT NULL, \
        hash BLOB NOT NULL, space_rev INTEGER NOT NULL, PRIMARY KEY(space, did)) WITHOUT ROWID, STRICT
        """,
        "CREATE UNIQUE INDEX space_writer_by_revision ON space_writer(space, space_rev)",
        // Bytes last in the row: what is asked of a blob without its bytes stays on the first page. `expires_at` is in
        // microseconds and null while a record refers to the blob.
        """
        CREATE TABLE blob(id INTEGER PRIMARY KEY, account TEXT NOT NULL, cid BLOB NOT NULL, size INTEGER NOT NULL, \
        reference_count INTEGER NOT NULL, expires_at INTEGER, mime_type TEXT NOT NULL, bytes BLOB NOT NULL, \
        UNIQUE(account, cid)) STRICT
        """,
        "CREATE INDEX blob_by_expiry ON blob(expires_at) WHERE expires_at IS NOT NULL",
        "CREATE INDEX blob_by_account ON blob(account, size) WHERE expires_at IS NOT NULL",
        """
        CREATE TABLE blob_reference(record INTEGER NOT NULL, cid BLOB NOT NULL, repo INTEGER NOT NULL, \
        rev INTEGER NOT NULL, PRIMARY KEY(record, cid)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX blob_reference_by_repo ON blob_reference(repo, cid, rev)",
        // Points spent in the running hour and day, windows numbered from 1970.
        """
        CREATE TABLE write_budget(account TEXT PRIMARY KEY NOT NULL, hour INTEGER NOT NULL, \
        hour_points INTEGER NOT NULL, day INTEGER NOT NULL, day_points INTEGER NOT NULL) WITHOUT ROWID, STRICT
        """,
        // `request` is the hash of what the key was first used for, `outcome` what it was answered.
        """
        CREATE TABLE write_key(account TEXT NOT NULL, key TEXT NOT NULL, request BLOB NOT NULL, \
        outcome BLOB NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY(account, key)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX write_key_by_expiry ON write_key(expires_at)",
    ]

    /// By which a blob is found where nobody says whose it is, without a look at every repo of the space.
    static let referencesByBlob = "CREATE INDEX blob_reference_by_blob ON blob_reference(cid, repo)"
}
