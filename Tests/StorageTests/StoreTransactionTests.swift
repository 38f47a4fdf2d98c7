import CapTesting
import Foundation
import Synchronization
import Testing
import UCAN

@testable import CapabilityGraph
@testable import Multiformats
@testable import Storage

@Suite struct StoreTransactionTests {
    private struct Refused: Error, Equatable { let number: Int }
    private static let now = Timestamp(microseconds: 1_700_000_000_000_000)

    private func withStore(_ body: (GraphStore) throws -> Void) throws {
        let folder = TemporaryFolder()
        let store = try GraphStore.open(
            path: folder.path + "/log.sqlite", families: Families([TinyCloud()]))
        defer { store.close() }
        try store.transact(at: Self.now) { try $0.run("CREATE TABLE t(n INTEGER PRIMARY KEY)") }
        try body(store)
    }

    private func numbers(_ store: GraphStore) throws -> [Int64] {
        try store.read { try $0.rows("SELECT n FROM t ORDER BY n") { $0.integer(0) } }
    }

    @Test func whatABodyWritesIsReadAfterwards() throws {
        try withStore { store in
            let sum = try store.transact(at: Self.now) { change in
                for n in 1...3 { try change.run("INSERT INTO t VALUES(?1)", [.integer(n)]) }
                return try change.first("SELECT sum(n) FROM t") { $0.integer(0) }
            }
            #expect(sum == 6)
            let stored = try numbers(store)
            #expect(stored == [1, 2, 3])
        }
    }

    @Test func aThrowTakesBackOnlyItsOwnChange() throws {
        try withStore { store in
            let mark = ReplayMark(statement: BLAKE3.hash([1]), expiresAt: Self.now.microseconds + 1_000_000)
            #expect(throws: Refused(number: 7)) {
                try store.transact(at: Self.now) { change in
                    try change.run("INSERT INTO t VALUES(7)")
                    _ = try change.use(mark)
                    throw Refused(number: 7)
                }
            }
            let stored = try numbers(store)
            #expect(stored == [])
            let first = try store.transact(at: Self.now) { try $0.use(mark) }
            let second = try store.transact(at: Self.now) { try $0.use(mark) }
            #expect(first)
            #expect(!second)
        }
    }

    @Test func manyWritersAtOnceEachGetTheirOwnAnswer() throws {
        try withStore { store in
            let refused = Atomic<Int>(0)
            DispatchQueue.concurrentPerform(iterations: 64) { n in
                do {
                    try store.transact(at: Self.now) { change in
                        try change.run("INSERT INTO t VALUES(?1)", [.integer(n)])
                        if n % 4 == 0 { throw Refused(number: n) }
                    }
                } catch let error as Refused {
                    #expect(error.number == n)
                    refused.add(1, ordering: .relaxed)
                } catch {
                    Issue.record(error)
                }
            }
            #expect(refused.load(ordering: .relaxed) == 16)
            let stored = try numbers(store)
            #expect(stored == (0..<64).filter { $0 % 4 != 0 }.map(Int64.init))
        }
    }

    @Test func aFailureOfTheDatabaseCannotBeSwallowed() throws {
        try withStore { store in
            #expect(throws: (any Error).self) {
                try store.transact(at: Self.now) { change in
                    try change.run("INSERT INTO t VALUES(1)")
                    try? change.run("INSERT INTO t VALUES(1)")
                    try change.run("INSERT INTO t VALUES(2)")
                }
            }
            let stored = try numbers(store)
            #expect(stored == [])
        }
    }

    @Test func aReadSessionKeepsItsState() throws {
        try withStore { store in
            let session = try store.openReadSession()
            let rows = { try session.rows("SELECT n FROM t") { $0.integer(0) } }
            let before = try rows()
            #expect(before.isEmpty)
            try store.transact(at: Self.now) { try $0.run("INSERT INTO t VALUES(1)") }
            let after = try rows()
            #expect(after.isEmpty)
            session.close()
            let stored = try numbers(store)
            #expect(stored == [1])
        }
    }
}
