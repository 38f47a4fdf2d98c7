import Synchronization

/// Keeps a store in one PostgreSQL database, which one node serves at a time (docs/architecture).
package final class PostgresEngine: StoreEngine {
    /// Bounds of an engine; times are in milliseconds.
    package struct Options: Sendable {
        /// How long a commit in doubt is asked about before it is told to be so.
        package var settleMilliseconds: Int32 = 5000
        /// Between two tries to settle a commit once it was told to be in doubt.
        var settlePauseMilliseconds: Int64 = 500
        package var maxReaders = 16
        /// How long a start waits for another node's end where nothing says that it may wait longer.
        package var holderMilliseconds: Int32 = 2000
        /// Asked time and again while another node serves the store: false to wait no longer.
        package var waiting: (@Sendable () -> Bool)?
        /// Told once this node will neither write nor answer again, because another has its place or because it cannot know
        /// what the store holds.
        package var lost: (@Sendable () -> Void)?
        /// How long this node may answer without word of the server, and the next one waits when this one is lost.
        package var leaseMilliseconds: Int32 = 2000
        /// How long a start waits for its first renewal.
        var renewalMilliseconds: Int32 = 30_000
        /// Microseconds since 1970 by this node's clock, which is compared with the server's.
        var wallClock: @Sendable () -> Int64 = { MonotonicDeadline.wallClock }
        /// Lets other engines append beside this one, for tests of the log; what is built on it would not learn of them.
        var isShared = false

        package init() {}
    }

    package let tokens: any TokenSource
    package var isRemote: Bool { true }
    let readers: PostgresReaders
    private let holder: PostgresHolder?
    private let writer: Mutex<PostgresWriter?>
    private let end: Mutex<LogPosition>
    private let isClosed = Atomic<Bool>(false)

    /// Opens the database at `address`, `postgres://…` as libpq takes it, making what it lacks; `tables` are those that
    /// families declare. Throws `locked` while another node serves it.
    package init(
        _ address: String, tables: [TableSchema] = [], projections: [ProjectedTable] = [],
        options: Options = Options()
    ) throws(StorageError) {
        do throws(PostgresFailure) { try PostgresSchema.open(address) } catch { throw error.error }
        holder = options.isShared ? nil : try PostgresHolder(address, options: options)
        readers = PostgresReaders(address, limit: max(1, options.maxReaders), holder: holder)
        tokens = PostgresTokens(readers)
        do throws(StorageError) {
            let made = try PostgresEngine.writer(address, tables, projections, holder, options)
            end = Mutex(made.position)
            readers.reached.store(made.position.revision, ordering: .releasing)
            writer = Mutex(made)
        } catch {
            holder?.close()
            throw error
        }
        holder?.whileInDoubt { [weak self] in self?.settle() }
    }

    private static func writer(
        _ address: String, _ tables: [TableSchema], _ projections: [ProjectedTable], _ holder: PostgresHolder?,
        _ options: Options
    ) throws(StorageError) -> PostgresWriter {
        do throws(PostgresFailure) {
            try PostgresSchema.add(
                tables, projections: Set(projections.map(\.schema.name)), at: address, holder: holder)
        } catch {
            throw error.error
        }
        return try PostgresWriter(address, holder: holder, options: options)
    }

    deinit { close() }

    package var lastRevision: UInt64 { end.withLock { $0.revision } }

    // MARK: writing

    package func commit(_ batch: LogBatch) throws(StorageError) {
        try ordered(repeats: true) { (rows, position) throws(StorageError) in
            try rows.failing { () throws(PostgresFailure) in
                try rows.connection.append(batch, after: &position)
            }
            return true
        }
    }

    package func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError) {
        try ordered { (rows, position) throws(StorageError) in
            let session = PostgresSession(rows)
            guard let batch = body(session) else { return false }
            if let failure = session.failure { throw failure }
            try rows.failing { () throws(PostgresFailure) in
                try rows.connection.append(batch, after: &position)
            }
            return true
        }
    }

    package func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) {
        try ordered(repeats: true) { (rows, _) throws(StorageError) in
            try rows.failing { () throws(PostgresFailure) in try rows.connection.setMeta(key, value) }
            return true
        }
    }

    private func ordered(
        repeats: Bool = false, _ body: (PostgresRows, inout LogPosition) throws(StorageError) -> Bool
    ) throws(StorageError) {
        try writer.withLock { (writer) throws(StorageError) in
            guard let writer else { throw PostgresEngine.closed }
            defer {
                end.withLock { $0 = writer.position }
                readers.reached.store(writer.position.revision, ordering: .releasing)
            }
            try writer.ordered(repeats: repeats, body)
        }
    }

    /// Asks what became of a change in doubt, unless a change that would ask as well is being made.
    private func settle() {
        _ = writer.withLockIfAvailable { writer in
            do throws(StorageError) { try writer?.settle() } catch {
                // It is asked again, or was refused for good.
            }
        }
    }

    // MARK: reading

    package func forEachEntry(
        after revision: UInt64, _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try opened()
        let last = end.withLock { $0 }
        try readers.onOneState { rows in
            try rows.connection.forEachEntry(after: revision, upTo: last, body)
        }
    }

    package func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] {
        try opened()
        return try readers.query { (connection) throws(PostgresFailure) in try connection.marks(notBefore: time) }
    }

    package func meta(_ key: String) throws(StorageError) -> [UInt8]? {
        try opened()
        return try readers.query { (connection) throws(PostgresFailure) in try connection.meta(key) }
    }

    package func enter() throws(StorageError) { try holder?.lease.enter() }

    package func openReadSession() throws(StorageError) -> any ReadSession {
        try opened()
        try enter()
        return try PostgresReadSession(readers)
    }

    package func backup(to path: String) throws -> UInt64 {
        throw StorageError(
            .readOnly, "a store on PostgreSQL is no file to copy", hint: "use the server's own tools, such as pg_dump")
    }

    package func close() {
        isClosed.store(true, ordering: .releasing)
        holder?.prepareToClose()
        writer.withLock { writer in
            writer?.close()
            writer = nil
        }
        readers.close()
        holder?.close()
    }

    /// Waits for nobody: who reads may be the one who writes.
    private func opened() throws(StorageError) {
        if isClosed.load(ordering: .acquiring) { throw PostgresEngine.closed }
    }

    private static var closed: StorageError { StorageError(.closed, "the store is closed") }
}
