package import Storage

/// Stands in for another engine: all is as with that one, but for what happens before a read or a write, which may fail
/// then as with a server that is out of reach.
package final class StandInEngine: StoreEngine {
    package typealias Hook = @Sendable () throws(StorageError) -> Void

    private let engine: any StoreEngine
    private let beforeReading: Hook
    private let beforeWriting: Hook

    /// `beforeReading` runs before a session of reads is opened, `beforeWriting` before a batch or a transaction.
    package init(
        for engine: any StoreEngine = MemoryEngine(), beforeReading: @escaping Hook = {},
        beforeWriting: @escaping Hook = {}
    ) {
        self.engine = engine
        self.beforeReading = beforeReading
        self.beforeWriting = beforeWriting
    }

    package func openReadSession() throws(StorageError) -> any ReadSession {
        try beforeReading()
        return try engine.openReadSession()
    }

    package func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError) {
        try beforeWriting()
        try engine.transaction(body)
    }

    package func commit(_ batch: LogBatch) throws(StorageError) {
        try beforeWriting()
        try engine.commit(batch)
    }

    package var tokens: any TokenSource { engine.tokens }
    package var isRemote: Bool { engine.isRemote }
    package var lastRevision: UInt64 { engine.lastRevision }
    package func enter() throws(StorageError) { try engine.enter() }
    package func backup(to path: String) throws -> UInt64 { try engine.backup(to: path) }
    package func forEachEntry(
        after revision: UInt64, _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws { try engine.forEachEntry(after: revision, body) }
    package func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] {
        try engine.marks(notBefore: time)
    }
    package func meta(_ key: String) throws(StorageError) -> [UInt8]? { try engine.meta(key) }
    package func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) { try engine.setMeta(key, value) }
    package func close() { engine.close() }
}
