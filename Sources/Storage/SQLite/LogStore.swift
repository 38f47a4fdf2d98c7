import Multiformats

/// Holds the connection, statements and position behind one opened log.
///
/// Unchecked because the only reference lives in the `Mutex` of one `SQLiteLog`, which never hands it out: one thread
/// at a time is inside, which is all a connection opened without mutexes asks for.
final class LogStore: @unchecked Sendable {
    let file: DatabaseFile
    let connection: SQLiteConnection
    let isWritable: Bool
    private(set) var seal = LogSeal()
    private let lock: FileLock?
    private let writer: LogWriter?
    private let head: HeadFile?
    private let watch: RowWatch?

    init(
        _ file: DatabaseFile, _ connection: SQLiteConnection, lock: FileLock?, _ options: SQLiteLogOptions = .init()
    ) throws(StorageError) {
        self.file = file
        self.connection = connection
        self.lock = lock
        isWritable = lock != nil
        writer = lock == nil ? nil : try LogWriter(connection)
        watch = lock == nil ? nil : try RowWatch(connection)
        // Read before the database is: a writer beside this process only adds commits.
        let known = try HeadFile.read(path: file.headPath)
        head = lock == nil ? nil : try HeadFile(path: file.headPath)
        try refresh()
        try file.check(seal.commitCount, against: known)
        if lock != nil {
            let size = (try DatabaseFile.size(file.path) ?? 0) + (try DatabaseFile.size(file.writeAheadPath) ?? 0)
            let left = size > options.wholeCheckBytes ? SealedTable.large : []
            _ = try checkTables(isStart: true, but: left.union(options.mended))
        }
        head?.write(seal.commitCount)
    }

    var lastRevision: UInt64 { seal.revision }

    /// Reads the position again, for a reader beside a writing process.
    func refresh() throws(StorageError) { seal = try readSeal() }

    func commit(_ batch: LogBatch) throws(StorageError) {
        _ = try writing()
        try check(batch.entries)
        guard !batch.entries.isEmpty || !batch.marks.isEmpty || batch.forgetMarksBefore != nil else { return }
        try write { (writer, seal) throws(StorageError) in
            for entry in batch.entries { try writer.insert(entry, &seal) }
            try writer.insert(batch.marks, &seal)
            if let time = batch.forgetMarksBefore { try writer.forgetMarks(before: time, &seal) }
        }
    }

    /// Runs `body` on the tables and writes the batch it gives, all in one transaction; nil takes everything back.
    ///
    /// A failure of the database inside `body` ends the transaction even when `body` goes on.
    func transaction(_ body: (TableConnection) -> LogBatch?) throws(StorageError) {
        let writer = try writing()
        tables.clearFailure()
        watch?.begin(with: seal.tables)
        var next = seal
        try connection.execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            guard let batch = body(tables) else {
                connection.rollBack()
                return
            }
            if let failure = tables.failure { throw failure }
            try check(batch.entries)
            for entry in batch.entries { try writer.insert(entry, &next) }
            try writer.insert(batch.marks, &next)
            if let time = batch.forgetMarksBefore { try writer.forgetMarks(before: time, &next) }
            if let watch {
                guard !watch.isLost else { throw StorageError(.internal, "a changed row could not be read") }
                next.tables = watch.seals
            }
            if next != seal {
                next.commitCount += 1
                try writer.update(next)
            }
            try connection.execute("COMMIT")
        } catch {
            connection.rollBack()
            throw error
        }
        advance(to: next)
    }

    private lazy var tables = TableConnection(connection, watch)

    /// Takes a durable seal for the position.
    private func advance(to next: LogSeal) {
        if next.commitCount != seal.commitCount {
            head?.write(next.commitCount)
            connection.checkpointsOnClose(true)
        }
        seal = next
    }

    /// Lets the end of the connection leave one whole file; without it, and without a commit, the files stay as they are.
    func prepareToClose() { if isWritable { connection.checkpointsOnClose(true) } }

    func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) {
        try write { (writer, seal) throws(StorageError) in try writer.setMeta(key, value, &seal) }
    }

    /// Runs `body` and stores the seal it leaves, in one transaction; only a durable one moves the position.
    private func write(_ body: (LogWriter, inout LogSeal) throws(StorageError) -> Void) throws(StorageError) {
        let writer = try writing()
        var next = seal
        try connection.transaction { () throws(StorageError) in
            try body(writer, &next)
            guard next != seal else { return }
            next.commitCount += 1
            try writer.update(next)
        }
        advance(to: next)
    }

    private func writing() throws(StorageError) -> LogWriter {
        guard let writer else {
            throw StorageError(
                .readOnly, "`\(file.path)` was opened for reading", hint: "send the change to the service")
        }
        return writer
    }

    /// Refuses, before anything is written, what could not be read back in order.
    private func check(_ entries: [LogEntry]) throws(StorageError) {
        var last = lastRevision
        for entry in entries {
            try entry.check(after: last)
            last = entry.revision
        }
    }
}

extension LogStore {
    func checkpoint() throws(StorageError) -> Bool {
        guard isWritable else { return false }
        let query = try connection.prepare("PRAGMA wal_checkpoint(PASSIVE)")
        guard try query.step() else { return false }
        return query.integer(0) == 0 && query.integer(1) == query.integer(2)
    }
}
