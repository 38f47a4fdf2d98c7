public import CapabilityGraph
import Multiformats
import Synchronization
package import UCAN

/// Owns the durable log and the graph built from it, and admits changes in one order.
///
/// Changes from many threads are decided one after the other on the writer thread, committed together in one
/// transaction, then made visible, then answered. Readers use `freshSnapshot` and `tokens` and never wait for the writer.
public final class GraphStore: Sendable {
    let graph: Graph
    public let tokens: TokenReader
    let engine: any StoreEngine
    private let queue: CommitQueue<StoreOperation>
    private let committer: BatchCommitter
    private let familiesByType: [ObjectIdentifier: any StoreFamily]

    /// Opens the log at a path, making it when there is none, and rebuilds the graph from it.
    public static func open(
        path: String, families: Families, limits: GraphLimits = GraphLimits(),
        options: SQLiteLogOptions = SQLiteLogOptions(), replayCapacity: Int = 4 << 20, maxPending: Int = 4096
    ) throws -> GraphStore {
        try open(
            path: path, families: families.all.map { GraphOnly($0) }, at: Timestamp(microseconds: 0), limits: limits,
            options: options, replayCapacity: replayCapacity, maxPending: maxPending)
    }

    /// Does the same with what families of protocols keep beside the graph.
    package static func open(
        path: String, families: [any StoreFamily], at now: Timestamp,
        limits: GraphLimits = GraphLimits(),
        options: SQLiteLogOptions = SQLiteLogOptions(), replayCapacity: Int = 4 << 20, maxPending: Int = 4096
    ) throws -> GraphStore {
        // Families that do not fit together make no file.
        _ = try Families(of: families)
        let engine = try SQLiteEngine(
            path: path, options: options, tables: families.flatMap(\.tables),
            projections: families.flatMap(\.projections))
        return try open(
            engine, families: families, at: now, limits: limits, replayCapacity: replayCapacity,
            maxPending: maxPending)
    }

    /// Rebuilds the graph, and what families keep in memory, from the log of an engine. `now` is when what an older release
    /// kept in tables alone is stated in the log, where there is any of it.
    package static func open(
        _ engine: any StoreEngine, families: [any StoreFamily],
        at now: Timestamp = Timestamp(microseconds: 0), limits: GraphLimits = GraphLimits(),
        replayCapacity: Int = 4 << 20, maxPending: Int = 4096
    ) throws -> GraphStore {
        let writer = GraphWriter(try Graph(families: Families(of: families), limits: limits))
        try replay(engine, into: writer, families)
        var used = ReplaySet(capacity: replayCapacity)
        // Whose they were is not stored. As strangers' they keep room from strangers alone.
        for mark in try engine.marks(notBefore: 0) { used.insert(mark, ofStranger: true) }
        let store = GraphStore(
            engine: engine, writer: writer, families: families, used: used, maxPending: maxPending)
        for family in families where try store.read({ try $0.exists(TakeoverTable.self) }) {
            try store.transact(at: now) { change in try family.takeOver(in: change) }
        }
        for family in families {
            if let missing = try family.missingStatements() { try store.transact(at: now, missing) }
        }
        return store
    }

    /// The graph as it durably stands here, for counts, receipts and tests. Another node may have acknowledged what it does
    /// not know, so nobody is let through by it.
    public func unprovenSnapshot() -> Snapshot { graph.snapshot() }

    /// The graph to decide by, the only door to it: throws `notFresh` while it is not certain that it knows all that was
    /// acknowledged, by whatever node. Costs nothing where nobody else can write.
    public func freshSnapshot() throws(StorageError) -> Snapshot {
        try engine.enter()
        return graph.snapshot()
    }

    /// The graph as it stood at an earlier revision.
    public func snapshot(at revision: UInt32) -> Snapshot { graph.snapshot(at: revision) }

    /// True where whoever reads tables or tokens waits for a network.
    package var isRemote: Bool { engine.isRemote }

    /// The newest revision that can be seen.
    public var revision: UInt32 { graph.revision }

    /// Edges kept for spaces that are not hosted here, and the bytes of their records.
    public var unhosted: (edges: Int, bytes: Int) { graph.unhosted }

    /// The abilities its questions are asked of.
    public var registry: AbilityRegistry { graph.registry }

    /// Fills a graph, and what families keep in memory, from the log; in tables too, where some are given.
    static func replay(
        _ log: any Log, into writer: GraphWriter, _ families: [any StoreFamily] = [],
        to tables: (any TableWriter)? = nil
    ) throws {
        try replay(log.lastRevision, log.forEachEntry, into: writer, families, to: tables)
    }

    typealias EntryWalk = (
        UInt64, (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws -> Void

    /// Does the same with the entries that a walk gives.
    static func replay(
        _ lastRevision: UInt64, _ forEachEntry: EntryWalk, into writer: GraphWriter, _ families: [any StoreFamily],
        to tables: (any TableWriter)? = nil
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
        try writer.commitReplay()
        for family in families { family.commit() }
    }

    private init(
        engine: any StoreEngine, writer: sending GraphWriter, families: [any StoreFamily], used: ReplaySet,
        maxPending: Int
    ) {
        graph = writer.graph
        self.engine = engine
        familiesByType = Dictionary(
            families.map { (ObjectIdentifier(type(of: $0)), $0) }, uniquingKeysWith: { first, _ in first })
        tokens = TokenReader(engine.tokens)
        committer = BatchCommitter(engine: engine, writer: writer, families: families, used: used)
        let committer = self.committer
        queue = CommitQueue(maxPending: maxPending) { committer.process($0) }
    }

    /// What the graph knows of its families.
    public var families: Families { graph.families }

    /// The family of one type; nil when the store was opened without it.
    package func family<Family: StoreFamily>(_ type: Family.Type) -> Family? {
        familiesByType[ObjectIdentifier(type)] as? Family
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
    public func meta(_ key: String) throws -> [UInt8]? { try engine.meta(key) }
    public func setMeta(_ key: String, _ value: [UInt8]) throws { try engine.setMeta(key, value) }

    /// Copies the store, consistent at one revision, while the service runs; returns that revision.
    public func backup(to path: String) throws -> UInt64 { try engine.backup(to: path) }

    /// Finishes queued changes and lets go of the engine.
    public func close() {
        queue.stop()
        engine.close()
    }
}
