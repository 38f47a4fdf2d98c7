import CapTesting
import CapabilityGraph
import Synchronization
import Testing
import UCAN

@testable import Storage

/// What becomes of a batch that could not be kept: a fault of one change is that one's, a fault of the store everybody's.
@Suite struct FailedBatchTests {
    private static let now = Timestamp(seconds: 1_700_000_000)

    /// An engine whose transactions fail before they begin.
    private final class Failing: StoreEngine {
        let attempts = Atomic<Int>(0)
        private let error: StorageError
        private let memory = MemoryEngine()

        init(_ error: StorageError) { self.error = error }

        func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError) {
            attempts.add(1, ordering: .relaxed)
            throw error
        }

        var tokens: any TokenSource { memory.tokens }
        var lastRevision: UInt64 { memory.lastRevision }
        func openReadSession() throws(StorageError) -> any ReadSession { try memory.openReadSession() }
        func backup(to path: String) throws -> UInt64 { try memory.backup(to: path) }
        func commit(_ batch: LogBatch) throws(StorageError) { throw error }
        func forEachEntry(
            after revision: UInt64, _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
        ) throws { try memory.forEachEntry(after: revision, body) }
        func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] { try memory.marks(notBefore: time) }
        func meta(_ key: String) throws(StorageError) -> [UInt8]? { try memory.meta(key) }
        func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) { try memory.setMeta(key, value) }
        func close() { memory.close() }
    }

    /// How often five changes were tried, and how many of them were told of the failure.
    private func tried(_ error: StorageError) throws -> (attempts: Int, told: Int) {
        let engine = Failing(error)
        let families: [any StoreFamily] = [GraphOnly(TinyCloud())]
        let graph = try Graph(families: Families(of: families), limits: GraphLimits())
        let committer = BatchCommitter(
            engine: engine, writer: GraphWriter(graph), families: families, used: ReplaySet(capacity: 16))
        let told = Locked(0)
        committer.process(
            (0..<5).map { _ in
                .tables(
                    TableOperation(now: Self.now) { _ in
                    } reply: { result in
                        if case .failure(StoreFailure.storage(error)) = result { told.withLock { $0 += 1 } }
                    })
            })
        return (engine.attempts.load(ordering: .relaxed), told.withLock { $0 })
    }

    @Test(arguments: [StorageError.Code.unavailable, .locked, .inDoubt, .closed, .notFresh])
    func whatFailsEveryChangeIsTriedOnce(_ code: StorageError.Code) throws {
        #expect(try tried(StorageError(code, "")) == (1, 5))
    }

    @Test(arguments: [StorageError.Code.diskFull, .constraint, .unstorable, .internal])
    func whatMayBeOneChangesFaultIsTriedWithEachAlone(_ code: StorageError.Code) throws {
        #expect(try tried(StorageError(code, "")) == (6, 5))
    }
}
