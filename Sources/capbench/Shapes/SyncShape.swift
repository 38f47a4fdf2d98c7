import ATProto
import Multiformats
import UCAN

/// What a syncer asks: a log without news, against signing its commit and nothing else; and a whole repo, against
/// hashing as many bytes, which every reader of it must do.
enum SyncShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld(people: 2)
        let author = world.people[1]
        let batches = 8
        for batch in 0..<batches {
            let writes = world.writes((batch * 200)..<((batch + 1) * 200), by: author)
            _ = try Load.run([writes], port: world.service.port)
        }
        let repo = "space=\(SpaceWorld.escaped(world.space))&repo=\(SpaceWorld.escaped(author.did))"
        return [try noOperation(world, author, repo, scale), try export(world, author, repo, scale)]
    }

    private static func noOperation(
        _ world: SpaceWorld, _ author: SpaceWorld.Person, _ repo: String, _ scale: Scale
    ) throws -> Measurement {
        let latest = try world.call("com.atproto.space.getLatestCommit", author, nil, query: repo)
        let rev = latest["commit"]?["rev"]?.string ?? ""
        let request = SpaceWorld.request("com.atproto.space.listRepoOps", author, nil, query: repo + "&since=" + rev)
        let cpu = world.service.cpuSeconds()
        _ = try Load.run([[UInt8]](repeating: request, count: scale.requests), port: world.service.port)
        let spent = world.service.cpuSeconds() - cpu
        let key = try PrivateKey(curve: .secp256k1, seed: SHA256.hash(Array("bench".utf8)).bytes)
        let signing = try Stopwatch.best(of: 3) {
            for _ in 0..<1000 {
                keep(
                    try SignedCommit.make(
                        space: world.space, author: author.did, rev: rev, hash: [UInt8](repeating: 1, count: 32),
                        key: key))
            }
        }
        return Measurement(
            shape: "repo-ops-without-news", value: Double(scale.requests) / spent, floor: 1000 / signing * 1e9,
            unit: "1/cpu s", target: .atLeast(0.4))
    }

    private static func export(
        _ world: SpaceWorld, _ author: SpaceWorld.Person, _ repo: String, _ scale: Scale
    ) throws -> Measurement {
        let request = Load.call(
            "/xrpc/com.atproto.space.getRepo?" + repo,
            ["Authorization: Bearer \(author.token)", "Connection: close"])
        let runs = scale.runs * 4
        let cpu = world.service.cpuSeconds()
        var total = 0
        for _ in 0..<runs { total += try LoadConnection(port: world.service.port).download(request) }
        let spent = world.service.cpuSeconds() - cpu
        let bytes = [UInt8](repeating: 7, count: total / runs)
        let hashing = Stopwatch.best(of: scale.runs) { keep(SHA256.hash(bytes)) }
        return Measurement(
            shape: "repo-export", value: Double(total) / spent / 1e6, floor: Double(bytes.count) / hashing * 1e3,
            unit: "MB/cpu s", target: .atLeast(0.1))
    }
}
