import Multiformats

extension Attack {
    /// One account reads exports of a repo slowly, and never to their end.
    static let exports = Attack(name: "exports") { arena in
        let scene = try arena.start(["--registration", "open"])
        let owner = try Accounts.register("owner", scene)
        let other = try Accounts.register("other", scene)
        let space = try Spaces.make(scene, owner.token, members: [other.did])
        let text = String(repeating: "x", count: 20_000)
        for batch in 0..<arena.scale(30, short: 10) {
            let writes = (0..<20).map { number -> JSON in
                [
                    "$type": "com.atproto.space.applyWrites#create", "collection": "com.example.note",
                    "rkey": .string("k\(batch)-\(number)"), "value": ["text": .string(text)],
                ]
            }
            try Spaces.call(
                scene, "com.atproto.space.applyWrites",
                ["space": .string(space), "repo": .string(owner.did), "writes": .array(writes)], owner.token)
        }
        let path = "/xrpc/com.atproto.space.getRepo?space=\(PercentEncoding.encode(space))&repo="
        var answer = XRPCConnection.Answer(status: 0, body: [])
        var readers: [XRPCConnection] = []
        let wal = scene.walBytes()
        var bounds: [Bound] = []
        let growth = try scene.growth {
            for _ in 0..<8 {
                let reader = try scene.connection(window: 4096)
                let request = XRPCConnection.request("GET", path + PercentEncoding.encode(owner.did), other.token)
                try reader.send(request)
                readers.append(reader)
            }
            SlowReading.read(readers, bytesPerSecond: 1000, seconds: 1)
            bounds = try Bystander.bounds(scene) {
                answer = try scene.connection(Arena.bystander).ask(
                    "GET", path + PercentEncoding.encode(owner.did), owner.token)
                _ = try AccountPages.give(scene, arena.scale(10_000, short: 500))
                SlowReading.read(readers, bytesPerSecond: 1000, seconds: arena.scale(35, short: 1))
            }
        }
        bounds += [
            .so("another account exports meanwhile", answer.status == 200, answer.summary),
            .most("memory of 8 exports", growth, 32e6 + 8 * 256 * 1024, .bytes),
            .most("growth of the log beside the database", scene.walBytes() - wal, 32e6, .bytes),
        ]
        return bounds
    }
}

/// Calls about permissioned spaces.
enum Spaces {
    @discardableResult
    static func call(_ scene: Scene, _ method: String, _ body: JSON, _ token: String) throws -> JSON {
        let answer = try scene.connection(Arena.bystander).post(method, body, token)
        guard answer.status == 200 else { throw DrillFailure("\(method): \(answer.summary)") }
        return answer.json
    }

    /// Makes a space and lists members in it.
    static func make(_ scene: Scene, _ token: String, skey: String = "drill", members: [String] = []) throws -> String {
        let made = try call(
            scene, "com.atproto.simplespace.createSpace", ["type": "com.example.forum", "skey": .string(skey)], token)
        guard let space = made["uri"]?.string else { throw DrillFailure("a space without a name") }
        for member in members { try add(scene, member, to: space, token) }
        return space
    }

    static func add(_ scene: Scene, _ member: String, to space: String, _ token: String) throws {
        try call(
            scene, "com.atproto.simplespace.addMember", ["space": .string(space), "did": .string(member)], token)
    }

    /// Writes a record and gives the answer, whatever it is.
    static func write(
        _ connection: XRPCConnection, _ space: String, _ author: (did: String, token: String), _ rkey: String
    ) throws -> XRPCConnection.Answer {
        try connection.post(
            "com.atproto.space.putRecord",
            [
                "space": .string(space), "repo": .string(author.did), "collection": "com.example.note",
                "rkey": .string(rkey), "record": ["text": "drill"],
            ], author.token)
    }
}
