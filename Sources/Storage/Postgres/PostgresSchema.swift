/// What lies in the database beside the tables of families, and how a database comes by it (postgres.md 1.3, 8.4).
enum PostgresSchema {
    /// The newest format that this release reads and writes.
    static let format: Int64 = 1

    /// Two numbers name a lock: what it is for, and which of those (1.4).
    enum Lock {
        static let log = "1, 0"
        static let migration = "5, 0"
    }

    private static let commonSettings = """
        SET TimeZone = 'UTC'; SET search_path = public; SET statement_timeout = 0; \
        SET idle_session_timeout = 0; \
        SET client_connection_check_interval = '1s'; SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; \
        SET tcp_keepalives_count = 3; SET default_transaction_isolation = 'read committed'
        """
    /// An export may be drawn as slowly as its reader takes it; what its state keeps from being cleared away ends in an hour.
    static let readerSettings = commonSettings + "; SET idle_in_transaction_session_timeout = '1h'"
    static let writerSettings =
        commonSettings + """
            ; SET synchronous_commit = on; SET lock_timeout = '2s'; SET idle_in_transaction_session_timeout = '5s'
            """

    /// The state is that of the first statement behind `BEGIN`, so there has to be one.
    static let beginReading = """
        BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; \
        SELECT revision, encode(node, 'hex'), beat FROM log_head, holder WHERE shard = 0 AND id = 1
        """
    static let beginOrdered = "BEGIN; SELECT pg_advisory_xact_lock(\(Lock.log))"

    private static let tables = """
        CREATE TABLE store(id bigint PRIMARY KEY CHECK (id = 1), format bigint NOT NULL, min_reader bigint NOT NULL,
          incarnation bytea NOT NULL);
        CREATE TABLE log_head(shard bigint PRIMARY KEY, revision bigint NOT NULL, chain bigint NOT NULL,
          tokens bigint NOT NULL, checksum bigint NOT NULL) WITH (fillfactor = 10);
        CREATE TABLE log(shard bigint NOT NULL, revision bigint NOT NULL, kind bigint NOT NULL,
          recorded_at bigint NOT NULL, checksum bigint NOT NULL, record bytea NOT NULL,
          PRIMARY KEY (shard, revision));
        CREATE TABLE token(shard bigint NOT NULL, revision bigint NOT NULL, id bytea NOT NULL, bytes bytea NOT NULL,
          PRIMARY KEY (shard, revision));
        CREATE TABLE mark(statement bytea PRIMARY KEY, expires_at bigint NOT NULL);
        CREATE INDEX mark_expiry ON mark(expires_at);
        CREATE TABLE meta(key text PRIMARY KEY, checksum bigint NOT NULL, value bytea NOT NULL);
        CREATE TABLE commit_tag(connection bytea PRIMARY KEY, sequence bigint NOT NULL) WITH (fillfactor = 20);
        CREATE TABLE row_number(name text PRIMARY KEY, last bigint NOT NULL) WITH (fillfactor = 20);
        CREATE TABLE family_table(name text PRIMARY KEY, text text NOT NULL);
        CREATE TABLE holder(id bigint PRIMARY KEY CHECK (id = 1), node bytea, lease bigint NOT NULL,
          beat bigint NOT NULL) WITH (fillfactor = 20);
        INSERT INTO holder VALUES (1, NULL, 0, 0)
        """

    /// Makes the tables of the log where there are none, or refuses the database as it was found: not ours, of a newer
    /// release, on a server that loses what it acknowledged, or not in order of bytes.
    static func open(_ address: String) throws(PostgresFailure) {
        try migrate(address) { (connection) throws(PostgresFailure) in
            try checkServer(connection)
            let isNew = try connection.once("SELECT to_regclass('public.store') IS NULL").integer(0, 0) != 0
            if isNew { try create(connection) } else { try checkFormat(connection) }
        }
    }

    /// Makes the tables that families declare, for the one node that holds the store, if any does. A table of `projections`
    /// that is lacking where the log may say something of it is refused.
    static func add(
        _ families: [TableSchema], projections: Set<String>, at address: String, holder: PostgresHolder?
    ) throws(PostgresFailure) {
        try migrate(address) { (connection) throws(PostgresFailure) in
            try checkFormat(connection)
            try holder?.check(connection)
            let head = try connection.once("SELECT revision FROM log_head WHERE shard = 0")
            guard head.rowCount == 1 else { throw damaged("the head of the log", connection) }
            for table in [TakeoverTable.schema] + families {
                try add(table, to: connection, isFilled: head.integer(0, 0) == 0 || !projections.contains(table.name))
            }
        }
    }

    /// Runs `body` in one transaction, behind the lock of those who change what tables there are.
    private static func migrate(
        _ address: String, _ body: (PostgresConnection) throws(PostgresFailure) -> Void
    ) throws(PostgresFailure) {
        let connection = try PostgresConnection(address)
        defer { connection.close() }
        try connection.execute(writerSettings)
        try connection.execute("BEGIN; SELECT pg_advisory_xact_lock(\(Lock.migration))")
        do throws(PostgresFailure) { try body(connection) } catch {
            connection.rollBack()
            throw error
        }
        switch connection.commit() {
        case .committed: break
        case .failed(let failure): throw failure
        // To be asked again is all that it takes: each step looks at what is there.
        case .unknown: throw .lost(connection.server, "its tables may or may not have been made")
        }
    }

    private static func checkServer(_ connection: PostgresConnection) throws(PostgresFailure) {
        let found = try connection.once(
            """
            SELECT current_setting('server_version_num')::bigint, pg_encoding_to_char(encoding)::text, \
            datcollate::text, datctype::text, current_setting('fsync'), current_setting('full_page_writes'), \
            datlocprovider::text \
            FROM pg_database WHERE datname = current_database()
            """)
        guard found.integer(0, 0) >= 150_000 else {
            throw PostgresFailure(
                StorageError(
                    .olderFormatUnsupported, "the server at `\(connection.server)` is older than PostgreSQL 15"))
        }
        try checkDurability(found, connection.server)
        // Texts compare by their bytes on every engine.
        guard [1, 2, 3, 6].map({ found.text(0, $0) }) == ["UTF8", "C", "C", "c"] else {
            throw PostgresFailure(
                StorageError(
                    .notADatabase, "the database at `\(connection.server)` does not order texts by their UTF-8 bytes",
                    hint:
                        "make it with `createdb --template=template0 --encoding=UTF8 --locale=C --locale-provider=libc`"
                ))
        }
    }

    /// Refuses a server that acknowledges what the loss of its power may take back.
    private static func checkDurability(_ found: PostgresResult, _ server: String) throws(PostgresFailure) {
        for (column, setting) in [(4, "fsync"), (5, "full_page_writes")] where found.text(0, column) != "on" {
            throw PostgresFailure(
                StorageError(
                    .ioError, "the server at `\(server)` may lose what it acknowledged: its `\(setting)` is off",
                    hint: "turn it on and restart the server"))
        }
    }

    private static func create(_ connection: PostgresConnection) throws(PostgresFailure) {
        let others = try connection.once(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        guard others.integer(0, 0) == 0 else {
            throw PostgresFailure(
                StorageError(
                    .notADatabase, "the database at `\(connection.server)` is another application's",
                    hint: "check the address; nothing was changed"))
        }
        try connection.execute(tables)
        try connection.once(
            "INSERT INTO store VALUES (1, $1, $1, $2)", [.integer(format), .bytes(PostgresHolder.randomName())])
        try connection.once(
            "INSERT INTO log_head VALUES (0, 0, 0, 0, $1)", [.integer(Int64(bitPattern: LogPosition().checksum))])
    }

    private static func checkFormat(_ connection: PostgresConnection) throws(PostgresFailure) {
        let found = try connection.once("SELECT min_reader FROM store WHERE id = 1")
        guard found.rowCount == 1, found.integer(0, 0) > 0 else { throw damaged("the format", connection) }
        guard found.integer(0, 0) <= format else {
            throw PostgresFailure(
                StorageError(
                    .newerFormat,
                    "`\(connection.server)` has format \(found.integer(0, 0)), this release reads up to \(format)",
                    hint: "use the release that wrote it, or a newer one; nothing was changed"))
        }
    }

    /// Makes a table that a family declares; one that is there has to be as it is declared.
    private static func add(
        _ table: TableSchema, to connection: PostgresConnection, isFilled: Bool
    ) throws(PostgresFailure) {
        let statements = PostgresTexts.create(table)
        let text = statements.joined(separator: ";\n")
        let known = try connection.once("SELECT text FROM family_table WHERE name = $1", [.text(table.name)])
        guard known.rowCount == 0 else {
            guard known.text(0, 0) == text else {
                throw PostgresFailure(
                    StorageError(
                        .olderFormatUnsupported,
                        "the table `\(table.name)` at `\(connection.server)` is of another release"))
            }
            return
        }
        guard isFilled else {
            throw PostgresFailure(
                StorageError(
                    .olderFormatUnsupported,
                    "`\(connection.server)` has no table `\(table.name)`, which its log fills"))
        }
        for sql in statements { try connection.execute(sql) }
        try connection.once("INSERT INTO family_table VALUES ($1, $2)", [.text(table.name), .text(text)])
    }

    private static func damaged(_ what: String, _ connection: PostgresConnection) -> PostgresFailure {
        PostgresFailure(.damaged(what, in: connection.server))
    }
}
