import CapTesting
import Storage

/// A store in memory of which so many reads fail as those of a server that is out of reach.
final class FaultyReads: StoreEngine {
    let failures = Locked(0)
    private let memory = MemoryEngine()

    func openReadSession() throws(StorageError) -> any ReadSession {
        let fails = failures.withLock { count in
            guard count > 0 else { return false }
            count -= 1
            return true
        }
        if fails { throw StorageError(.unavailable, "out of reach") }
        return try memory.openReadSession()
    }

    var tokens: any TokenSource { memory.tokens }
    var lastRevision: UInt64 { memory.lastRevision }
    func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError) { try memory.transaction(body) }
    func backup(to path: String) throws -> UInt64 { try memory.backup(to: path) }
    func commit(_ batch: LogBatch) throws(StorageError) { try memory.commit(batch) }
    func forEachEntry(
        after revision: UInt64, _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws { try memory.forEachEntry(after: revision, body) }
    func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] { try memory.marks(notBefore: time) }
    func meta(_ key: String) throws(StorageError) -> [UInt8]? { try memory.meta(key) }
    func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) { try memory.setMeta(key, value) }
    func close() { memory.close() }
}
