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
        // The log has what it needs for as many writes when nobody reads.
        let count = arena.scale(8000, short: 300)
        try AccountPages.give(scene, count)
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
                try AccountPages.give(scene, count)
                SlowReading.read(readers, bytesPerSecond: 1000, seconds: arena.scale(35, short: 1))
            }
        }
        bounds += [
            .so("another account exports meanwhile", answer.status == 200, answer.summary),
            .most("memory of 8 exports", growth, 32e6 + 8 * 256 * 1024, .bytes),
        ]
        if !arena.isShort {
            bounds.append(
                .most("growth of the log beside the database in 35 s", max(0, scene.walBytes() - wal), 32e6, .bytes))
        }
        return bounds
    }
}
