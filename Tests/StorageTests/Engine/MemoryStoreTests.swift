import CapTesting
import CapabilityGraph
import Testing
import UCAN

@testable import Storage

/// The store above an engine asks nothing of it that only a file can give.
@Suite struct MemoryStoreTests {
    static let now = Timestamp(seconds: 1_700_000_000)

    static func open(_ engine: any StoreEngine) throws -> GraphStore {
        try GraphStore.open(engine, families: [GraphOnly(TinyCloud())])
    }

    /// Values and the graph are as they were when the store is opened again on the same engine.
    @Test(arguments: EngineKind.allCases) func aStoreLastsAsLongAsItsEngine(_ kind: EngineKind) throws {
        let scratch = Scratch()
        let engine = try kind.open(scratch)
        let space = try Space("tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:notes")
        let store = try Self.open(engine)
        try store.transact(at: Self.now) { change in
            try change.host(space)
            try ValueWriter(change, quota: 0).put(
                [("a", NewValue(bytes: [1], headers: [])), ("b/c", NewValue(bytes: [2, 3], headers: []))], in: space)
        }
        struct TakenBack: Error {}
        #expect(throws: TakenBack.self) {
            try store.change(at: Self.now) { change in
                _ = try ValueWriter(change, quota: 0).delete("a", in: space)
                throw TakenBack()
            }
        }
        try store.change(at: Self.now) { change in
            try ValueWriter(change, quota: 0).put([("a", NewValue(bytes: [4], headers: []))], in: space)
        }
        #expect(throws: ValueRefusal.missing(path: "x")) {
            try store.change(at: Self.now) { change in _ = try ValueWriter(change, quota: 0).delete("x", in: space) }
        }
        let again = try Self.open(engine)
        #expect(again.unprovenSnapshot().isHosted(space))
        #expect(again.revision == store.revision)
        try again.read { tables throws in
            let reader = ValueReader(tables)
            #expect(try reader.value(at: "a", in: space, withBytes: true)?.bytes == [4])
            #expect(try reader.paths(in: space, under: nil, limit: 10).paths == ["a", "b/c"])
            #expect(try reader.paths(in: space, under: "b", limit: 10).paths == ["b/c"])
            #expect(try reader.totals().count == 2)
            #expect(try ValueVerification(tables).count == 2)
        }
        again.close()
    }
}
