import ATProto
import Multiformats
import UCAN

/// Batches of 1, 10 and 200 records over HTTP, one connection an author: the service's cpu a record against preparing
/// and hashing the same record in process, and syncs of the disk a record.
enum WriteShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let floor = try prepared(scale)
        var results: [Measurement] = []
        for (size, batches) in [(1, 200), (10, 60), (200, 3)] {
            let world = try SpaceWorld(people: scale.writers)
            var requests: [[UInt8]] = []
            // In turn, so that the connections write to different repos.
            for batch in 0..<batches {
                for person in world.people {
                    requests.append(world.writes((batch * size)..<((batch + 1) * size), by: person))
                }
            }
            let commits = try world.service.metric("capservice_commits")
            let cpu = world.service.cpuSeconds()
            _ = try Load.run(requests, port: world.service.port, connections: world.people.count)
            let records = Double(batches * size * world.people.count)
            let spent = (world.service.cpuSeconds() - cpu) / records * 1e6
            let syncs = (try world.service.metric("capservice_commits") - commits) / records
            results += [
                Measurement(
                    shape: "write-\(size)-cpu-a-record", value: spent, floor: floor, unit: "us",
                    target: .atMost(size == 1 ? 30 : 15)),
                Measurement(
                    shape: "write-\(size)-syncs-a-record", value: syncs, floor: 1 / Double(size), unit: "syncs",
                    target: .atMost(1)),
            ]
        }
        return results
    }

    /// Microseconds to check, encode, name and hash one record.
    private static func prepared(_ scale: Scale) throws -> Double {
        let posts = (0..<2000).map { SpaceWorld.post($0).serialized() }
        var hash = LtHash()
        let time = try Stopwatch.best(of: scale.runs) {
            for (number, post) in posts.enumerated() {
                let record = try PreparedRecord(json: JSON.parse(post), collection: SpaceWorld.collection)
                hash.add(path: "\(SpaceWorld.collection)/r\(number)", cid: record.cid)
            }
        }
        keep(hash.isZero)
        return time / Double(posts.count) / 1000
    }
}
