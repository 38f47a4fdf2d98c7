import ATProto
import Multiformats

/// applyWrites of 1, 10 and 200 records over HTTP from 64 connections, against preparing the same records and their set
/// hash in process; and how many syncs of the disk a record takes.
enum WriteShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld()
        var results: [Measurement] = []
        for (size, syncs) in [(1, 0.2), (10, 0.05), (200, 0.005)] {
            let batches = max(64, scale.requests / (size == 1 ? 4 : size * 2))
            let records = Double(batches * size)
            let requests = (0..<batches).map { world.batch($0, of: size) }
            let commits = try world.service.metric("capservice_commits")
            let time = try Load.run(requests, port: world.service.port)
            let synced = try world.service.metric("capservice_commits") - commits
            results += [
                Measurement(
                    shape: "apply-writes-\(size)", value: records / time * 1e9, floor: try prepared(batches, size),
                    unit: "records/s", target: .atLeast(size == 1 ? 0.01 : 0.05)),
                Measurement(
                    shape: "apply-writes-\(size)-syncs", value: synced / records, floor: 1, unit: "syncs/record",
                    target: .atMost(syncs)),
            ]
        }
        return results
    }

    /// Records a second, prepared and added to a set hash by one core.
    private static func prepared(_ batches: Int, _ size: Int) throws -> Double {
        let count = min(batches * size, 4000)
        let values = (0..<count).map { SpaceWorld.record("\($0)") }
        let start = Stopwatch.threadNanoseconds()
        var hash = LtHash()
        for (number, value) in values.enumerated() {
            let record = try PreparedRecord(json: value, collection: SpaceWorld.collection)
            hash.add(path: "\(SpaceWorld.collection)/r\(number)", cid: record.cid)
        }
        keep(hash.digest)
        return Double(count) / (Stopwatch.threadNanoseconds() - start) * 1e9
    }
}
