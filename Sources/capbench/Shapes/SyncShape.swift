import ATProto
import Multiformats
import UCAN

/// What a syncer asks for: a log with nothing new, against signing the commit it ends with; and a whole repo, against
/// hashing the same records with SHA-256 and writing the same archive from memory. Both by a second of the service's cpu.
enum SyncShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld()
        let count = scale.records / 10
        _ = try world.service.run((0..<(count / 200)).map { world.batch($0, of: 200) })
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
        let key = try PrivateKey.generate(.secp256k1)
        let hash = LtHash().digest
        let each = scale.requests / Rounds.count
        let taken = try Rounds.measure { _ in
            try world.service.cpu(Array(repeating: request, count: each))
        } floor: { _ in
            let start = Stopwatch.threadNanoseconds()
            for _ in 0..<each {
                keep(
                    try SignedCommit.make(space: world.space, author: world.member.did, rev: rev, hash: hash, key: key))
            }
            return (Stopwatch.threadNanoseconds() - start) / 1e9
        }
        let count = Double(each * Rounds.count)
        return Measurement(
            shape: "list-ops-unchanged", value: count / taken.value, floor: count / taken.floor, unit: "1/cpu s",
            target: .atLeast(0.4))
    }

    private static func export(_ world: SpaceWorld, _ count: Int, _ scale: Scale) throws -> Measurement {
        let request = SpaceWorld.get(
            "com.atproto.space.getRepo", [("space", world.space), ("repo", world.member.did)], world.owner.token)
        let connection = try LoadConnection(port: world.service.port)
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
        // As much is written in a quick run as in a full one.
        let each = max(1, 5 * Scale.full.records / scale.records / Rounds.count)
        var bytes = 0
        let taken = try Rounds.measure { _ in
            let before = world.service.cpuSeconds()
            for _ in 0..<each {
                let reply = try connection.exchange(request)
                guard reply.status == 200 else { throw BenchError(message: "getRepo is answered \(reply.status)") }
                bytes = reply.body.count
            }
            return world.service.cpuSeconds() - before
        } floor: { _ in
            let start = Stopwatch.threadNanoseconds()
            for _ in 0..<each {
                for record in records { precondition(SHA256.hash(record.bytes) == record.cid.hash.digest) }
                keep(SpaceCARWriter.archive(commit: commit, records: records))
            }
            return (Stopwatch.threadNanoseconds() - start) / 1e9
        }
        let megabytes = Double(bytes * each * Rounds.count) / 1e6
        return Measurement(
            shape: "export-car", value: megabytes / taken.value, floor: megabytes / taken.floor, unit: "MB/cpu s",
            target: .atLeast(0.5))
    }
}
