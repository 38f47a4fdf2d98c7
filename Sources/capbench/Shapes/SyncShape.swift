import ATProto
import Multiformats
import UCAN

/// What a syncer asks for: a log with nothing new, against signing the commit it ends with; and a whole repo, against
/// hashing the same records with SHA-256 and writing the same archive from memory. Both by a second of the service's cpu.
enum SyncShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld()
        let count = scale.records / 10
        _ = try Load.run((0..<(count / 200)).map { world.batch($0, of: 200) }, port: world.service.port)
        return [try unchanged(world, scale), try export(world, count / 200 * 200, scale)]
    }

    private static func unchanged(_ world: SpaceWorld, _ scale: Scale) throws -> Measurement {
        let head = try world.ask(
            SpaceWorld.get(
                "com.atproto.space.getLatestCommit", [("space", world.space), ("repo", world.member.did)],
                world.owner.token))
        guard let rev = head["commit"]?["rev"]?.string else { throw BenchError(message: "no commit") }
        let request = SpaceWorld.get(
            "com.atproto.space.listRepoOps", [("space", world.space), ("repo", world.member.did), ("since", rev)],
            world.owner.token)
        let cpu = try world.cpu(Array(repeating: request, count: scale.requests))
        let key = try PrivateKey.generate(.secp256k1)
        let hash = LtHash().digest
        let start = Stopwatch.threadNanoseconds()
        for _ in 0..<scale.requests {
            keep(try SignedCommit.make(space: world.space, author: world.member.did, rev: rev, hash: hash, key: key))
        }
        let signing = Stopwatch.threadNanoseconds() - start
        let requests = Double(scale.requests)
        return Measurement(
            shape: "list-ops-unchanged", value: requests / cpu, floor: requests / signing * 1e9, unit: "1/cpu s",
            target: .atLeast(0.4))
    }

    private static func export(_ world: SpaceWorld, _ count: Int, _ scale: Scale) throws -> Measurement {
        let request = SpaceWorld.get(
            "com.atproto.space.getRepo", [("space", world.space), ("repo", world.member.did)], world.owner.token)
        let connection = try LoadConnection(port: world.service.port)
        let before = world.service.cpuSeconds()
        var bytes = 0
        // As much is written in a quick run as in a full one.
        let runs = max(5, 5 * Scale.full.records / scale.records)
        for _ in 0..<runs {
            let reply = try connection.exchange(request)
            guard reply.status == 200 else { throw BenchError(message: "getRepo is answered \(reply.status)") }
            bytes = reply.body.count
        }
        let cpu = (world.service.cpuSeconds() - before) / Double(runs)
        var records: [(path: String, cid: CID, bytes: [UInt8])] = []
        for number in 0..<count {
            let record = try PreparedRecord(
                json: SpaceWorld.record("\(number / 200)-\(number % 200)"), collection: SpaceWorld.collection)
            records.append(
                ("\(SpaceWorld.collection)/r200-\(number / 200)-\(number % 200)", record.cid, record.bytes))
        }
        let commit = try SignedCommit.make(
            space: world.space, author: world.member.did, rev: "3mabcdefghijk", hash: LtHash().digest,
            key: PrivateKey.generate(.secp256k1))
        let writing = Stopwatch.best(of: runs) {
            for record in records { precondition(SHA256.hash(record.bytes) == record.cid.hash.digest) }
            keep(SpaceCARWriter.archive(commit: commit, records: records))
        }
        let megabytes = Double(bytes) / 1e6
        return Measurement(
            shape: "export-car", value: megabytes / cpu, floor: megabytes / writing * 1e9, unit: "MB/cpu s",
            target: .atLeast(0.5))
    }
}
