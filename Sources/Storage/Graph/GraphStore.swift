public import CapabilityGraph
import Multiformats
import Synchronization
package import UCAN

/// Owns the durable log and the graph built from it, and admits changes in one order.
///
/// Changes from many threads are decided one after the other on the writer thread, committed together in one
/// transaction, then made visible, then answered. Readers use `snapshot` and `tokens` and never wait for the writer.
public final class GraphStore: Sendable {
    let graph: Graph
    public let tokens: TokenReader
    let log: SQLiteLog
    private let queue: CommitQueue<StoreOperation>
    let readers: ConnectionPool<TableConnection>
    private let committer: BatchCommitter
    private let families: [any StoreFamily]

    /// Opens the log, making it when there is none, and rebuilds the graph from it.
    public static func open(
        path: String, registry: AbilityRegistry, limits: GraphLimits = GraphLimits(),
        options: SQLiteLogOptions = SQLiteLogOptions(), replayCapacity: Int = 4 << 20, maxPending: Int = 4096
    ) throws -> GraphStore {
        try open(
            path: path, registry: registry, families: [], at: Timestamp(microseconds: 0), limits: limits,
            options: options, replayCapacity: replayCapacity, maxPending: maxPending)
    }

    /// Does the same with what families of protocols keep beside the graph. `now` is when what an older release kept in
    /// tables alone is stated in the log, where there is any of it.
    package static func open(
        path: String, registry: AbilityRegistry, families: [any StoreFamily], at now: Timestamp,
        limits: GraphLimits = GraphLimits(),
        options: SQLiteLogOptions = SQLiteLogOptions(), replayCapacity: Int = 4 << 20, maxPending: Int = 4096
    ) throws -> GraphStore {
        let log = try SQLiteLog.open(path: path, mode: .create, options: options)
        let writer = GraphWriter(try Graph(registry: registry, limits: limits))
        try replay(log, into: writer, families)
        var used = ReplaySet(capacity: replayCapacity)
        for mark in try log.marks(notBefore: 0) { used.insert(mark) }
        let tokens = try TokenReader(path: path)
        let file = try DatabaseFile(path)
        let readers = ConnectionPool(limit: 32) { () throws(StorageError) in
            TableConnection(try LogStore.connectForReading(file, SQLiteLogOptions(cacheBytes: 2 << 20)))
        }
        let store = GraphStore(
            log: log, writer: writer, families: families, used: used, tokens: tokens, readers: readers,
            maxPending: maxPending)
        for family in families where try store.read({ try $0.exists("SELECT 1 FROM takeover") }) {
            try store.transact(at: now) { change in try family.takeOver(in: change) }
        }
        return store
    }

    /// Whether there is a log at the path; an empty file is none.
    package static func isThere(_ path: String) throws(StorageError) -> Bool { try DatabaseFile(path).exists() }

    /// Opens a log for reading only, also beside a running service; every change is refused.
    public static func openForReading(
        path: String, registry: AbilityRegistry, limits: GraphLimits = GraphLimits()
    ) throws -> (snapshot: Snapshot, tokens: TokenReader, log: SQLiteLog) {
        let log = try SQLiteLog.open(path: path, mode: .readOnly)
        let writer = GraphWriter(try Graph(registry: registry, limits: limits))
        try replay(log, into: writer)
        return (writer.graph.snapshot(), try TokenReader(path: path), log)
    }

    /// The graph as it durably stands: the only door to it.
    public func snapshot() -> Snapshot { graph.snapshot() }

    /// The graph as it stood at an earlier revision.
    public func snapshot(at revision: UInt32) -> Snapshot { graph.snapshot(at: revision) }

    /// The newest revision that can be seen.
    public var revision: UInt32 { graph.revision }

    /// The abilities its questions are asked of.
    public var registry: AbilityRegistry { graph.registry }

    /// Fills a graph, and what families keep in memory, from the log.
    private static func replay(
        _ log: SQLiteLog, into writer: GraphWriter, _ families: [any StoreFamily] = []
    ) throws {
        try replay(log.lastRevision, log.forEachEntry, into: writer, families)
    }

    typealias EntryWalk = (
        UInt64, (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Void

    /// Does the same with the entries that a walk gives, and fills what families keep in tables, where some are given.
    static func replay(
        _ lastRevision: UInt64, _ forEachEntry: EntryWalk, into writer: GraphWriter, _ families: [any StoreFamily],
        to tables: TableConnection? = nil
    ) throws {
        try writer.reserve(edges: Int(clamping: lastRevision))
        try forEachEntry(0) { revision, kind, recordedAt, record in
            let entry = try writer.replay(kind: kind, revision: revision, recordedAt: recordedAt, record: record)
            guard let entry else { return }
            for family in families {
                try family.apply(
                    entry, in: writer.working, at: Timestamp(microseconds: recordedAt), to: tables)
            }
        }
        writer.commit()
        for family in families { family.commit() }
    }

    private init(
        log: SQLiteLog, writer: sending GraphWriter, families: [any StoreFamily], used: ReplaySet, tokens: TokenReader,
        readers: ConnectionPool<TableConnection>, maxPending: Int
    ) {
        graph = writer.graph
        self.log = log
        self.tokens = tokens
        self.readers = readers
        self.families = families
        committer = BatchCommitter(log: log, writer: writer, families: families, used: used)
        let committer = self.committer
        queue = CommitQueue(maxPending: maxPending) { committer.process($0) }
    }

    /// The family of one type; nil when the store was opened without it.
    package func family<Family: StoreFamily>(_ type: Family.Type) -> Family? {
        families.lazy.compactMap { $0 as? Family }.first
    }

    /// Offers a change. When the queue is full the change is answered `busy` at once, on the calling thread.
    public func submit(_ operation: StoreOperation) {
        if !queue.submit(operation) { operation.fail(.busy) }
    }

    /// Runs `body`, which verifies a change and then submits it, so that changes verified at one time are committed
    /// together.
    public func announcing<Failure: Error>(_ body: () throws(Failure) -> Void) throws(Failure) {
        try queue.announcing(body)
    }

    /// Changes waiting for the writer.
    public var pendingCount: Int { queue.pendingCount }

    /// Transactions committed since the start, each with one sync of the disk.
    public var commitCount: Int { committer.commitCount.load(ordering: .relaxed) }

    /// A value kept beside the log, such as the node's key.
    public func meta(_ key: String) throws -> [UInt8]? { try log.meta(key) }
    public func setMeta(_ key: String, _ value: [UInt8]) throws { try log.setMeta(key, value) }

    /// Copies the log, consistent at one revision, while the service runs; returns that revision.
    public func backup(to path: String) throws -> UInt64 { try log.backup(to: path) }

    /// Finishes queued changes and closes the file.
    public func close() {
        queue.stop()
        readers.close()
        tokens.close()
        log.close()
    }
}
