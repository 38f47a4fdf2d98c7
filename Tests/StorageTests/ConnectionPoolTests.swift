import CapTesting
import Testing

@testable import Storage

/// Connections that are lent: who finds none waits, and not for ever.
@Suite struct ConnectionPoolTests {
    private final class Connection {}

    @Test func whoFindsAllConnectionsTakenIsRefusedInTime() throws {
        let pool = ConnectionPool<Connection>(limit: 1, patience: 20) { () throws(StorageError) in Connection() }
        let taken = try pool.take()
        #expect(throws: StorageError(.unavailable, "")) { try pool.take() }
        pool.giveBack(taken)
        #expect(try pool.take() === taken)
        #expect(throws: StorageError(.unavailable, "")) { try pool.use { _ in } }
    }

    @Test func aReadInsideAReadIsToldFromOneAfterAnother() {
        #expect(!ReadNesting.isInside)
        ReadNesting.inside {
            ReadNesting.inside { #expect(ReadNesting.isInside) }
            #expect(ReadNesting.isInside)
        }
        #expect(!ReadNesting.isInside)
    }
}
