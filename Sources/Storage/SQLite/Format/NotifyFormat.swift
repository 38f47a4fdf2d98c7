/// The tables of notifications as files keep them; what they hold is said where they are declared.
enum NotifyFormat {
    static let statements: [String] = [
        // `repo` is empty for a registration of the whole space.
        """
        CREATE TABLE registration(space TEXT NOT NULL, service TEXT NOT NULL, repo TEXT NOT NULL, \
        registrant TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY(space, service, repo)) WITHOUT ROWID, STRICT
        """,
        "CREATE INDEX registration_expiry ON registration(expires_at)",
        // One row a message. A lane is told its messages one after the other, in the order of `id`, which never returns.
        """
        CREATE TABLE outbox(id INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT NOT NULL, method TEXT NOT NULL, \
        space TEXT NOT NULL, issuer TEXT NOT NULL, service TEXT NOT NULL, audience TEXT NOT NULL, \
        body BLOB NOT NULL, created_at INTEGER NOT NULL) STRICT
        """,
        "CREATE INDEX outbox_lane ON outbox(lane, id)",
    ]
}
