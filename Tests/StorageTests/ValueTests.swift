import CapTesting
import Testing
import UCAN

@testable import CapabilityGraph
@testable import Multiformats
@testable import Storage

/// The tables of the key-value plane: what is in them, how older files get them, and what damage to them looks like.
@Suite struct ValueTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }
    private static let now = Timestamp(microseconds: 1_700_000_000_000_000)
    private let space: Space

    init() throws { space = try Space("tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:notes") }

    @discardableResult
    private func withStore<Value>(_ body: (GraphStore) throws -> Value) throws -> Value {
        let store = try GraphStore.open(path: path, families: Families([TinyCloud()]))
        defer { store.close() }
        return try body(store)
    }

    private func put(_ store: GraphStore, _ values: [(String, [UInt8])], quota: Int64 = 0) throws {
        let space = self.space
        try store.transact(at: Self.now) { change in
            try ValueWriter(change, quota: quota).put(
                values.map { ($0.0, NewValue(bytes: $0.1, headers: [.init(name: "content-type", value: "a/b")])) },
                in: space)
        }
    }

    private func get(_ store: GraphStore, _ path: String) throws -> [UInt8]? {
        try store.read { try ValueReader($0).value(at: path, in: space, withBytes: true)?.bytes }
    }

    @Test func aFileOfTheVersionBeforeIsUpgradedWithWhatItHolds() throws {
        RawFile.write([], to: path)
        let old = SchemaFormat(
            applicationID: SchemaFormat.log.applicationID, migrations: Array(SchemaFormat.log.migrations.prefix(2)))
        let connection = try SQLiteConnection(path: path, access: .readWrite)
        try old.migrate(connection)
        try connection.execute("INSERT INTO blob VALUES(1, 'did:web:a.example', x'00', 1, 1, NULL, 'a/b', x'07')")
        try withStore { store in
            let blob = try store.read { try $0.first("SELECT bytes FROM blob") { $0.bytes(0) } }
            #expect(blob == [7])
            try put(store, [("a", [1, 2])])
            #expect(try get(store, "a") == [1, 2])
        }
        #expect(try SQLiteLog.open(path: path, mode: .existing).verify().valueCount == 1)
    }

    @Test func aBackupHoldsTheValuesAndAreCheckedInIt() throws {
        let copy = scratch.path("copy.db")
        try withStore { store in
            try put(store, [("a", [1]), ("b", []), ("c", [UInt8](repeating: 9, count: 100_000))])
            _ = try store.backup(to: copy)
        }
        #expect(try SQLiteLog.open(path: copy, mode: .readOnly).verify().valueCount == 3)
        RawSQL.run("UPDATE kv_value SET bytes = x'02' WHERE path = 'a'", at: path)
        #expect(throws: StorageError(.corrupt, "")) {
            try SQLiteLog.open(path: path, mode: .readOnly).backup(to: scratch.path("bad.db"))
        }
    }

    @Test func damageIsRefusedAndNeverReadAsAnotherValue() throws {
        try withStore { try put($0, [("a", [1]), ("b", [2])]) }
        let good = RawFile.read(path)
        for (change, isSeenByReading) in [
            ("UPDATE kv_value SET bytes = x'02' WHERE path = 'a'", true),
            ("UPDATE kv_value SET digest = (SELECT digest FROM kv_value WHERE path = 'b'), bytes = x'02'", true),
            ("UPDATE kv_value SET headers = x'5b5d'", true), ("UPDATE kv_value SET size = 2", true),
            ("UPDATE kv_value SET updated_at = 0", true), ("UPDATE kv_space SET space = space || 'x'", false),
            ("UPDATE kv_value SET path = 'c' WHERE path = 'a'", false),
            ("DELETE FROM kv_value WHERE path = 'a'", false), ("DELETE FROM kv_space", false),
            ("UPDATE kv_space SET used = used + 1", false), ("UPDATE kv_space SET value_count = 1", false),
        ] {
            RawFile.write(good, to: path)
            RawSQL.run(change, at: path)
            #expect(throws: StorageError(.corrupt, ""), "\(change)") {
                try SQLiteLog.open(path: path, mode: .existing).verify()
            }
            // A start refuses all but what a row names by a hash, which a read does.
            guard isSeenByReading else { continue }
            #expect(throws: StorageError(.corrupt, ""), "\(change)") { try withStore { _ = try get($0, "a") } }
        }
    }

    @Test func aListingReadsNoMoreThanItMayAnswer() throws {
        try withStore { store in
            try put(store, ["a", "a/b", "a/bb", "c"].map { ($0, []) })
            func page(_ prefix: String?, _ maxBytes: Int) throws -> ([String], Bool) {
                let page = try store.read {
                    try ValueReader($0).paths(in: space, under: prefix, limit: 100, maxBytes: maxBytes)
                }
                return (page.paths, page.isComplete)
            }
            #expect(try page(nil, 9) == (["a", "a/b", "a/bb", "c"], true))
            #expect(try page(nil, 8) == (["a", "a/b", "a/bb", "c"], false))
            #expect(try page(nil, 3) == (["a", "a/b"], false))
            #expect(try page("a", 8) == (["a", "a/b", "a/bb"], true))
            #expect(try page("a", 3) == (["a", "a/b"], false))
        }
    }

    @Test func whatASpaceHoldsIsCountedThroughAnySequence() throws {
        var random = SeededGenerator.printed("whatASpaceHoldsIsCountedThroughAnySequence")
        let quota: Int64 = 4000
        var model: [String: [UInt8]] = [:]
        // Path and headers cost too: `[["content-type","a/b"]]` has 24 bytes.
        func cost(_ values: [String: [UInt8]]) -> Int64 {
            values.reduce(0) { $0 + Int64($1.key.utf8.count + $1.value.count + 24) }
        }
        try withStore { store in
            for _ in 0..<300 {
                let path = "k/\(random.int(in: 0...9))"
                if random.int(in: 0...3) == 0 {
                    let space = self.space
                    let isThere = model[path] != nil
                    do {
                        let digest = try store.transact(at: Self.now) {
                            try ValueWriter($0, quota: quota).delete(path, in: space)
                        }
                        #expect(isThere && digest == BLAKE3.hash(model[path] ?? []))
                        model[path] = nil
                    } catch let refusal as ValueRefusal {
                        #expect(!isThere && refusal == .missing(path: path))
                    }
                    continue
                }
                let bytes = [UInt8](repeating: UInt8(random.int(in: 0...255)), count: random.int(in: 0...900))
                var next = model
                next[path] = bytes
                let fits = cost(next) <= quota || cost(next) <= cost(model)
                do {
                    try put(store, [(path, bytes)], quota: quota)
                    #expect(fits)
                    model = next
                } catch is ValueRefusal {
                    #expect(!fits)
                }
            }
            for (path, bytes) in model { #expect(try get(store, path) == bytes) }
            let page = try store.read { try ValueReader($0).paths(in: space, under: nil, limit: 100) }
            #expect(page.paths == model.keys.sorted() && page.isComplete)
            let totals = try store.read { try ValueReader($0).totals() }
            #expect(totals.count == Int64(model.count) && totals.used == cost(model))
        }
        #expect(try SQLiteLog.open(path: path, mode: .existing).verify().valueCount == model.count)
    }
}
