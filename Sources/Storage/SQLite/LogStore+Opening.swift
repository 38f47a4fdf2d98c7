extension LogStore {
    /// Opens, creates or upgrades the file at `path`.
    ///
    /// What is not ours is refused, by its first bytes, while it still is as it was found.
    ///
    /// Looked at on every opening, in constant time: the file's header and format marker, all table definitions, and
    /// the last row, and whether it is the last that was acknowledged. A writer also compares all tables with the seal, but
    /// the large ones of a large file. Each row's checksum is looked at whenever the row is read, so a start, which reads them all,
    /// checks them all. Page structure is checked only by `verify`.
    static func open(
        _ path: String,
        _ mode: SQLiteLog.Mode,
        _ options: SQLiteLogOptions
    ) throws(StorageError) -> LogStore {
        let file = try DatabaseFile(path)
        switch mode {
        case .readOnly: return try openForReading(file, options)
        case .existing:
            guard try file.exists() else { throw missing(file) }
            try SchemaFormat.log.checkHeader(of: file)
            return try openForWriting(file, FileLock(path: file.lockPath, guarding: file.path), options)
        case .create:
            if try file.exists() { try SchemaFormat.log.checkHeader(of: file) }
            let lock = try FileLock(path: file.lockPath, guarding: file.path)
            // Asked again under the lock: another process may have made the file since.
            if try !file.exists() { try create(file) }
            return try openForWriting(file, lock, options)
        }
    }

    private static func missing(_ file: DatabaseFile) -> StorageError {
        StorageError(.notFound, "there is no capability log at `\(file.path)`", hint: "check the path")
    }

    /// Builds the empty log under another name first: a file under its own name is always complete.
    private static func create(_ file: DatabaseFile) throws(StorageError) {
        // A write-ahead log that outlived its database would be replayed into the new one.
        guard try (DatabaseFile.size(file.writeAheadPath) ?? 0) == 0 else {
            throw StorageError(
                .corrupt,
                "`\(file.path)` is gone but `\(file.writeAheadPath)` is still there",
                hint: "put the missing file back, or move the other one away to start an empty log"
            )
        }
        try file.checkNothingIsLost()
        let temporary = file.path + ".new"
        for path in [temporary, temporary + "-wal", temporary + "-shm", temporary + "-journal"] {
            try DatabaseFile.remove(path)
        }
        try DatabaseFile.createPrivate(temporary)
        try build(temporary)
        try DatabaseFile.publish(temporary, as: file.path)
    }

    private static func build(_ path: String) throws(StorageError) {
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        try connection.execute("PRAGMA page_size = \(pageSize)")
        try SchemaFormat.log.migrate(connection)
        try connection.execute("PRAGMA journal_mode = WAL")
    }

    /// The smallest write a commit makes is two pages; larger pages cost more there than they save in scans.
    private static let pageSize = 4096

    private static func openForWriting(
        _ file: DatabaseFile,
        _ lock: FileLock,
        _ options: SQLiteLogOptions
    ) throws(StorageError) -> LogStore {
        let connection = try SQLiteConnection(
            path: file.path, access: .readWrite, fileSystem: options.fileSystem)
        // What is refused stays as it was found: commits behind a damaged place of the write-ahead log are nowhere else.
        connection.checkpointsOnClose(false)
        try configure(connection, options)
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA wal_autocheckpoint = \(options.checkpointPages)")
        // The write-ahead log keeps its length and is written over: growing a file makes each sync slower.
        try connection.execute("PRAGMA journal_size_limit = \(2 * options.checkpointPages * pageSize)")
        if let limit = options.maximumBytes {
            try connection.execute("PRAGMA max_page_count = \(max(1, limit / Int64(pageSize)))")
        }
        guard try connection.integer("PRAGMA synchronous") == 2 else {
            throw StorageError(.internal, "`\(file.path)` cannot be written durably")
        }
        let version = try SchemaFormat.log.checkMarker(connection)
        // An upgrade sums the tables up anew, which must not make good what is damaged.
        if version >= SealFormat.version, version < SchemaFormat.log.version {
            _ = try LogStore(file, connection, lock: nil).checkTables(isStart: false)
        }
        try SchemaFormat.log.migrate(connection)
        for table in options.tables { try add(table, to: connection, options) }
        try SchemaFormat.log.checkSchema(connection, with: options.tables)
        return try LogStore(file, connection, lock: lock, options)
    }

    /// Makes a table that a family declares, where the file never had one of its name.
    private static func add(
        _ table: TableSchema, to connection: SQLiteConnection, _ options: SQLiteLogOptions
    ) throws(StorageError) {
        let known = try connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")
        try known.bind(1, text: table.name)
        guard try !known.step() else { return }
        known.reset()
        var seal = try LogSeal.read(connection)
        guard !seal.tables.contains(where: { $0.table == table.name }) else {
            throw .damaged("the table `\(table.name)`, which is gone,", in: connection.path)
        }
        let isFilled = seal.revision == 0 || !options.projections.contains(table.name)
        guard isFilled || options.mended.contains(table.name) else {
            throw StorageError(
                .olderFormatUnsupported, "`\(connection.path)` has no table `\(table.name)`, which its log fills",
                hint: "run `capservice rebuild` once")
        }
        try connection.transaction { () throws(StorageError) in
            for sql in RowTexts.create(table) { try connection.execute(sql) }
            seal.tables.append(TableSeal(table: table.name))
            seal.tables.sort { $0.table.utf8.lexicographicallyPrecedes($1.table.utf8) }
            try LogWriter(connection).update(seal)
        }
    }

    private static func openForReading(
        _ file: DatabaseFile,
        _ options: SQLiteLogOptions
    ) throws(StorageError) -> LogStore {
        let connection = try connectForReading(file, options)
        try SchemaFormat.log.checkSchema(connection)
        return try LogStore(file, connection, lock: nil)
    }

    /// Connects beside a writer, to a file of exactly the newest format.
    static func connectForReading(
        _ file: DatabaseFile,
        _ options: SQLiteLogOptions
    ) throws(StorageError) -> SQLiteConnection {
        guard try file.exists() else { throw missing(file) }
        try SchemaFormat.log.checkHeader(of: file)
        // Reading beside a writer needs shared memory beside the file. Where that cannot be made, e.g. on a read-only
        // medium, and no write-ahead log waits to be read, the main file alone is everything.
        let alone = try (DatabaseFile.size(file.writeAheadPath) ?? 0) == 0 && !file.isFolderWritable
        let connection = try SQLiteConnection(path: file.path, access: alone ? .immutable : .readOnly)
        try configure(connection, options)
        guard try SchemaFormat.log.checkMarker(connection) == SchemaFormat.log.version else {
            throw StorageError(
                .olderFormatUnsupported,
                "`\(file.path)` has an older format than this release reads",
                hint: "start the service on it once to upgrade it"
            )
        }
        return connection
    }

    private static func configure(_ connection: SQLiteConnection, _ options: SQLiteLogOptions) throws(StorageError) {
        // Waits only for another process's recovery or last close; the lock file keeps writers apart.
        try connection.execute("PRAGMA busy_timeout = 5000")
        try connection.execute("PRAGMA cache_size = -\(max(64, options.cacheBytes / 1024))")
        try connection.execute("PRAGMA cell_size_check = ON")
        try connection.execute("PRAGMA trusted_schema = OFF")
    }
}
