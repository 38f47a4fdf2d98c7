import CapTesting
import CapabilityGraph
import Testing
import UCAN

@testable import Storage

/// What becomes of a batch that could not be kept: a fault of one change is that one's, a fault of the store everybody's.
@Suite struct FailedBatchTests {
    private static let now = Timestamp(seconds: 1_700_000_000)

    /// How often five changes were tried, and how many of them were told of the failure.
    private func tried(_ error: StorageError) throws -> (attempts: Int, told: Int) {
        let attempts = Locked(0)
        // Fails before anything begins.
        let engine = StandInEngine(beforeWriting: { () throws(StorageError) in
            attempts.withLock { $0 += 1 }
            throw error
        })
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
        return (attempts.withLock { $0 }, told.withLock { $0 })
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
