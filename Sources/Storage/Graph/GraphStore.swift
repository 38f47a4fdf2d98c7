public import CapabilityGraph
import Multiformats
import Synchronization

/// Owns the durable log and the graph built from it, and admits changes in one order.
///
/// Changes from many threads are decided one after the other on the writer thread, committed together in one
/// transaction, then made visible, then answered. Readers use `graph` and `tokens` and never wait for the writer.
public final class GraphStore: Sendable {
    public let graph: Graph
    public let tokens: TokenReader
    let log: SQLiteLog
    private let queue: CommitQueue<StoreOperation>
    let readers: ConnectionPool<TableConnection>
    private let committer: BatchCommitter

    /// Opens the log, making it when there is none, and rebuilds the graph from it.
    public static func open(
        path: String, registry: AbilityRegistry, limits: GraphLimits = GraphLimits(),
        options: SQLiteLogOptions = SQLiteLogOptions(), replayCapacity: Int = 4 << 20, maxPending: Int = 4096
    ) throws -> GraphStore {
        let log = try SQLiteLog.open(path: path, mode: .create, options: options)
        let writer = GraphWriter(try Graph(registry: registry, limits: limits))
        try replay(log, into: writer)
        var used = ReplaySet(capacity: replayCapacity)
        for mark in try log.marks(notBefore: 0) { used.insert(mark) }
        let tokens = try TokenReader(path: path)
        let file = try DatabaseFile(path)
        let readers = ConnectionPool(limit: 32) { () throws(StorageError) in
            TableConnection(try LogStore.connectForReading(file, SQLiteLogOptions(cacheBytes: 2 << 20)))
        }
        return GraphStore(
            log: log, writer: writer, used: used, tokens: tokens, readers: readers, maxPending: maxPending)
    }

    /// Whether there is a log at the path; an empty file is none.
    package static func isThere(_ path: String) throws(StorageError) -> Bool { try DatabaseFile(path).exists() }

    /// Opens a log for reading only, also beside a running service; every change is refused.
    public static func openForReading(
        path: String, registry: AbilityRegistry, limits: GraphLimits = GraphLimits()
    ) throws -> (graph: Graph, tokens: TokenReader, log: SQLiteLog) {
        let log = try SQLiteLog.open(path: path, mode: .readOnly)
        let writer = GraphWriter(try Graph(registry: registry, limits: limits))
        try replay(log, into: writer)
        return (writer.graph, try TokenReader(path: path), log)
    }

    private static func replay(_ log: SQLiteLog, into writer: GraphWriter) throws {
        try writer.reserve(edges: Int(clamping: log.lastRevision))
        try log.forEachEntry(after: 0) { revision, kind, recordedAt, record in
            try writer.replay(kind: kind, revision: revision, recordedAt: recordedAt, record: record)
        }
        writer.commit()
    }

    private init(
        log: SQLiteLog, writer: sending GraphWriter, used: ReplaySet, tokens: TokenReader,
        readers: ConnectionPool<TableConnection>, maxPending: Int
    ) {
        graph = writer.graph
        self.log = log
        self.tokens = tokens
        self.readers = readers
        committer = BatchCommitter(log: log, writer: writer, used: used)
        let committer = self.committer
        queue = CommitQueue(maxPending: maxPending) { committer.process($0) }
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
