import Multiformats
import UCAN

extension Attack {
    /// A stranger fills a space of its own with delegations that are short to send and long to list, and reads the
    /// listing slowly over many connections.
    static let slowReaders = Attack(name: "slow-readers") { arena in
        // Each kind has a service of its own: what one has had of memory, the next would have for nothing.
        try slowReaders(arena, "a page", ["type": "list", "limit": 1000])
            + slowReaders(arena, "the whole listing", ["type": "list"])
    }

    private static func slowReaders(_ arena: Arena, _ name: String, _ parameters: JSON) throws -> [Bound] {
        let space = try LongListing(arena)
        let (scene, connection) = (space.scene, try space.scene.connection())
        var answer = XRPCConnection.Answer(status: 0, body: [])
        let one = try scene.growth {
            try connection.send(space.ask(parameters))
            answer = try connection.receive()
        }
        guard answer.status == 200 else { throw DrillFailure("a listing is refused: \(answer.summary)") }
        let count = 40
        var readers: [XRPCConnection] = []
        var bounds: [Bound] = []
        let slow = try scene.growth {
            bounds = try Bystander.bounds(scene, name) {
                for _ in 0..<count {
                    let reader = try scene.connection(window: 4096)
                    try reader.send(space.ask(parameters))
                    readers.append(reader)
                }
                // All of them are answered, as far as they read.
                for reader in readers { SlowReading.waitForBytes(reader) }
            }
            SlowReading.read(readers, bytesPerSecond: 1000, seconds: arena.scale(40, short: 1))
        }
        bounds += [
            .most("delegations of 1.7 MB of capabilities that are taken for \(name)", space.oversized, 0, .count),
            .most("memory of one reader of \(name)", one, 24e6, .bytes),
            .most("memory of \(count) slow readers of \(name)", slow, 16e6 + Double(count) * 256 * 1024, .bytes),
        ]
        if parameters["limit"] != nil {
            bounds.append(.most("bytes of a page", Double(answer.body.count), 4e6, .bytes))
        }
        if !arena.isShort {
            let open = Double(SlowReading.open(readers))
            bounds.append(.most("slow readers of \(name) still served after 40 s", open, Double(count) / 4, .count))
        }
        return bounds
    }
}

/// A space that a stranger hosts for itself, whose listing is much longer than what was sent to make it.
private struct LongListing {
    let scene: Scene
    let stranger: Stranger
    /// Delegations whose capabilities, each with its resource, are longer than a token may say, and that were taken.
    let oversized: Double

    init(_ arena: Arena) throws {
        scene = try arena.start(["--unhosted-per-hour", "0"])
        stranger = try Stranger()
        let host = try TokenMaker.ucan(
            issuer: stranger.key, audience: scene.cast.host.audience.principal ?? stranger.key.did,
            capabilities: [TokenCapability(resource: "\(stranger.space)/space", ability: "tinycloud.space/host")],
            expires: Clock.now().adding(seconds: 3600))
        var sent = [host.authorization()]
        // One long resource with many abilities: a listing writes the resource once for each.
        let path = "kv/" + String(repeating: "p", count: 1900)
        let abilities = (100..<1000).map { "a/b\($0)" }
        let huge = try stranger.delegation(to: scene.cast.holders[0].did, paths: [path], abilities: abilities)
        for _ in 0..<arena.scale(50, short: 20) {
            let token = try stranger.delegation(
                to: scene.cast.holders[0].did, paths: [path], abilities: Array(abilities.prefix(120)))
            sent.append(token.authorization())
        }
        let connection = try scene.connection()
        for token in sent {
            let answer = try connection.delegate(token)
            guard answer.status == 200 else { throw DrillFailure("a delegation is refused: \(answer.summary)") }
        }
        oversized = try connection.delegate(huge.authorization()).status == 200 ? 1 : 0
    }

    /// The bytes of a call for the listing.
    func ask(_ parameters: JSON) throws -> [UInt8] {
        let token = try TokenMaker.invocation(
            invoker: stranger.key,
            capabilities: [
                TokenCapability(resource: "\(stranger.space)/capabilities/all", ability: "tinycloud.capabilities/read")
            ], proofs: [], expires: Clock.now().adding(seconds: 290), facts: [["capabilitiesReadParams": parameters]])
        return XRPCConnection.request("POST", "/invoke", nil, ["Authorization: \(token.authorization())"])
    }
}
