import Glibc

extension Attack {
    /// Nobody in particular sends long bodies, and keeps them from ending.
    static let uploads = Attack(name: "uploads") { arena in
        let count = 150
        var bounds: [Bound] = []
        var scene = try arena.start(["--registration", "open"])
        let blob = XRPCConnection.request(
            "POST", "/xrpc/com.atproto.repo.uploadBlob", nil, ["Content-Type: application/octet-stream"],
            length: 40_000_000)
        var uploads: [HeldBody] = []
        var growth = 0.0
        bounds += try Bystander.bounds(scene, "uploadBlob") {
            growth = try scene.growth {
                uploads = try HeldBody.send(blob, bytes: 8_000_000, count, scene)
                uploads = try uploads.map { try $0.finished() }
            }
        }
        bounds += [
            .most("memory of \(count) uploads without a token", growth, Self.allowance(count), .bytes),
            .most("uploads without a token not answered 401", Double(uploads.count { $0.status != 401 }), 0, .count),
        ]
        let expecting = XRPCConnection.request(
            "POST", "/xrpc/com.atproto.repo.uploadBlob", nil,
            ["Content-Type: application/octet-stream", "Expect: 100-continue"], length: 40_000_000)
        let connection = try scene.connection()
        try connection.send(expecting)
        let answer = try connection.receive()
        bounds.append(.so("who asks before it uploads is told 401", answer.status == 401, answer.summary))
        scene.stop()

        // Bodies of the length that anybody may send, all but their last byte.
        for path in [
            "/xrpc/com.atproto.server.createSession", "/xrpc/com.atproto.space.notifyWrite", "/invoke", "/authorize",
        ] {
            scene = try arena.start(["--registration", "open"])
            let head = XRPCConnection.request(
                "POST", path, nil, ["Content-Type: application/json"], length: 1_000_000)
            let growth = try scene.growth { _ = try HeldBody.send(head, bytes: 999_999, count, scene) }
            bounds.append(.most("memory of \(count) bodies to \(path)", growth, Self.allowance(count), .bytes))
            scene.stop()
        }
        return bounds
    }

    /// What so many bodies may hold: 64 kB each, and what a service needs to breathe.
    private static func allowance(_ count: Int) -> Double { Double(count) * 65_536 + 16e6 }
}

/// A call whose body is sent as far as the service takes it.
private struct HeldBody {
    let connection: XRPCConnection
    var left: Int
    var status = 0

    /// Sends the head and so many bytes on each of several connections, until nothing moves any more.
    static func send(_ head: [UInt8], bytes: Int, _ count: Int, _ scene: Scene) throws -> [HeldBody] {
        var all = try (0..<count).map { _ in try HeldBody(connection: scene.connection(), left: bytes) }
        for body in all { try body.connection.send(head) }
        let piece = [UInt8](repeating: 0x20, count: 1 << 16)
        let end = Clock.milliseconds() + 10_000
        var lastMoved = Clock.milliseconds()
        // An answer that has come says that the rest is not wanted.
        while all.contains(where: { $0.left > 0 }), Clock.milliseconds() < end, Clock.milliseconds() - lastMoved < 700 {
            for place in all.indices where all[place].left > 0 {
                let sent = Glibc.send(
                    all[place].connection.descriptor, piece, min(piece.count, all[place].left),
                    Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                if sent > 0 {
                    all[place].left -= sent
                    lastMoved = Clock.milliseconds()
                } else if errno != EAGAIN {
                    all[place].left = 0
                }
            }
            Clock.wait(microseconds: 1000)
        }
        return all
    }

    /// Reads the answer; status 0 where the connection was cut without one.
    func finished() throws -> HeldBody {
        var copy = self
        copy.status = (try? connection.receive())?.status ?? 0
        return copy
    }
}
