import ATProto
import CapabilityGraph
import Multiformats
import Spaces
import Storage
import UCAN

/// applyWrites of 1, 10 and 200 records over HTTP from 64 connections, against inserting the same rows of records and
/// log and nothing else, in transactions of the same size; and how many syncs of the disk a record takes.
enum WriteShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld()
        var results: [Measurement] = []
        for (size, syncs) in [(1, 0.2), (10, 0.05), (200, 0.005)] {
            let batches = max(64, scale.requests / (size == 1 ? 4 : size * 2))
            let records = Double(batches * size)
            let requests = (0..<batches).map { world.batch($0, of: size) }
            let commits = try world.service.metric("capservice_commits")
            let cpu = try world.service.cpu(requests)
            let synced = try world.service.metric("capservice_commits") - commits
            results += [
                Measurement(
                    shape: "apply-writes-\(size)", value: records / cpu, floor: try rows(batches, size),
                    unit: "records/cpu s", target: .atLeast(size == 1 ? 0.1 : 0.25)),
                Measurement(
                    shape: "apply-writes-\(size)-syncs", value: synced / records, floor: 1, unit: "syncs/record",
                    target: .atMost(syncs)),
            ]
        }
        return results
    }

    /// Records a second of this process's cpu, as bare rows of both tables.
    private static func rows(_ batches: Int, _ size: Int) throws -> Double {
        let folder = try TemporaryFolder()
        let store = try GraphStore.open(path: folder.path + "/rows.sqlite", families: .standard())
        defer { store.close() }
        let count = min(batches, max(64, 4000 / size))
        let value = try PreparedRecord(json: SpaceWorld.record("row"), collection: SpaceWorld.collection).bytes
        let start = Stopwatch.processNanoseconds()
        for batch in 0..<count {
            try store.change(at: Stopwatch.wallClock()) { change in
                for index in 0..<size { try insert(batch, index, value, into: change) }
            }
        }
        return Double(count * size) / (Stopwatch.processNanoseconds() - start) * 1e9
    }

    private static func insert(
        _ batch: Int, _ index: Int, _ value: [UInt8], into change: TableChange
    ) throws {
        let rkey = "r-\(batch)-\(index)"
        // Digests as scattered as those of records.
        var random = BenchRandom(state: UInt64(batch) << 32 | UInt64(index))
        let cid = (0..<32).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        try change.insert(
            RecordTable.self,
            [
                RecordTable.space.to(1), RecordTable.repo.to(1), RecordTable.collection.to(SpaceWorld.collection),
                RecordTable.rkey.to(rkey), RecordTable.cid.to(cid), RecordTable.rev.to(Int64(batch)),
                RecordTable.value.to(value),
            ])
        try change.insert(
            OperationTable.self,
            [
                OperationTable.repo.to(1), OperationTable.rev.to(Int64(batch)),
                OperationTable.index.to(Int64(index)), OperationTable.action.to(0),
                OperationTable.collection.to(SpaceWorld.collection), OperationTable.rkey.to(rkey),
                OperationTable.cid.to(cid), OperationTable.previous.to(nil),
            ])
    }
}
