import Synchronization

/// Keeps the ordered log of accepted changes in one SQLite file.
///
/// Calls are made one at a time; a lock keeps late callers waiting rather than wrong. One thread should write, or
/// writers only queue behind each other: `CommitQueue` groups their work. A body passed to `forEachEntry` must not
/// call the log it reads.
public final class SQLiteLog: Sendable {
    /// Says what opening may do.
    public enum Mode: Sendable {
        /// Writes; makes the file when there is none.
        case create
        /// Writes a file that must be there.
        case existing
        /// Reads, also beside a process that writes.
        case readOnly
    }

    private let store: Mutex<LogStore?>
    private let revision: Atomic<UInt64>

    private init(_ store: sending LogStore) {
        revision = Atomic(store.lastRevision)
        self.store = Mutex(store)
    }

    /// Opens the log at `path`, upgrading an older format when writing.
    ///
    /// Throws `notFound`, `notADatabase`, `newerFormat`, `olderFormatUnsupported`, `corrupt` or `locked` without
    /// having changed the file.
    public static func open(
        path: String,
        mode: Mode,
        options: SQLiteLogOptions = SQLiteLogOptions()
    ) throws(StorageError) -> SQLiteLog {
        SQLiteLog(try LogStore.open(path, mode, options))
    }

    /// The revision of the last durable entry, 0 for an empty log.
    public var lastRevision: UInt64 { revision.load(ordering: .acquiring) }

    /// Writes the batch in one transaction; durable when it returns, and wholly absent when it throws.
    public func commit(_ batch: LogBatch) throws(StorageError) {
        try withStore { (store) throws(StorageError) in
            try store.commit(batch)
            revision.store(store.lastRevision, ordering: .releasing)
        }
    }

    /// Runs `body` on the tables and writes the batch it gives, in one transaction; nil takes everything back.
    func transaction(_ body: (TableConnection) -> LogBatch?) throws(StorageError) {
        try withStore { (store) throws(StorageError) in
            try store.transaction(body)
            revision.store(store.lastRevision, ordering: .releasing)
        }
    }

    /// Walks the entries above `revision` in order, lending each record's bytes for the length of the call.
    ///
    /// Throws `corrupt` at the first entry that is missing or not as it was written, and whatever `body` throws.
    public func forEachEntry(
        after revision: UInt64,
        _ body: (
            _ revision: UInt64, _ kind: UInt8, _ recordedAt: Int64, _ record: UnsafeRawBufferPointer
        ) throws -> Void
    ) throws {
        try store.withLock { store in
            guard let store else { throw SQLiteLog.closed }
            try store.forEachEntry(after: revision, body)
        }
    }

    /// Gives the marks that expire at `time` or later, in microseconds since 1970 UTC.
    public func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] {
        try withStore { (store) throws(StorageError) in try store.marks(notBefore: time) }
    }

    /// Gives the value kept under `key`, e.g. the node's own key.
    public func meta(_ key: String) throws(StorageError) -> [UInt8]? {
        try withStore { (store) throws(StorageError) in try store.meta(key) }
    }

    /// Keeps `value` under `key`; durable when it returns.
    public func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) {
        try withStore { (store) throws(StorageError) in try store.setMeta(key, value) }
    }

    /// Learns of entries another process has written since, and gives the last revision.
    @discardableResult
    public func refresh() throws(StorageError) -> UInt64 {
        try withStore { (store) throws(StorageError) in
            try store.refresh()
            revision.store(store.lastRevision, ordering: .releasing)
            return store.lastRevision
        }
    }

    /// Moves the write-ahead log into the main file as far as readers allow; true when all of it moved.
    @discardableResult
    public func checkpoint() throws(StorageError) -> Bool {
        try withStore { (store) throws(StorageError) in try store.checkpoint() }
    }

    /// Lets go of the file; later calls throw `closed`.
    public func close() {
        store.withLock { store in
            store?.prepareToClose()
            store = nil
        }
    }

    /// Lends one state of the file; what `body` writes is one transaction.
    func onOneState<Value: Sendable>(_ body: (LogStore) throws -> Value) throws -> Value {
        try store.withLock { store in
            guard let store else { throw SQLiteLog.closed }
            try store.connection.execute(store.isWritable ? "BEGIN IMMEDIATE" : "BEGIN")
            do {
                try store.refresh()
                let value = try body(store)
                try store.connection.execute("COMMIT")
                return value
            } catch {
                store.connection.rollBack()
                throw error
            }
        }
    }

    /// Names the file of an open log, for work on a connection of its own.
    func currentFile() throws(StorageError) -> DatabaseFile {
        try withStore { (store) throws(StorageError) in store.file }
    }

    private static var closed: StorageError { StorageError(.closed, "the log is closed") }

    func withStore<Value: Sendable>(
        _ body: (LogStore) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try store.withLock { (store) throws(StorageError) in
            guard let store else { throw SQLiteLog.closed }
            return try body(store)
        }
    }
}
