import Multiformats

extension Attack {
    /// An account holds many streams of events of one space.
    static let streams = Attack(name: "streams") { arena in
        let count = 800
        let scene = try arena.start(["--registration", "open"])
        let owner = try Accounts.register("owner", scene)
        let space = try Spaces.make(scene, owner.token)
        let connection = try scene.connection(Arena.bystander)
        func writes(_ name: String) throws -> Bystander.Delays {
            Bystander.Delays(
                try (0..<40).map { number in
                    let began = Clock.microseconds()
                    let answer = try Spaces.write(connection, space, owner, "\(name)\(number)")
                    guard answer.status == 200 else { throw DrillFailure("putRecord: \(answer.summary)") }
                    return Double(Clock.microseconds() - began) / 1000
                })
        }
        let quiet = try writes("before")
        var readers: [XRPCConnection] = []
        let path = "/xrpc/dev.capabilitygraph.space.subscribe?space=\(PercentEncoding.encode(space))"
        for _ in 0..<count {
            let reader = try scene.connection(window: 4096)
            try reader.send(XRPCConnection.request("GET", path, owner.token))
            readers.append(reader)
        }
        let idle = try scene.cpu(ofEach: 2) { Clock.wait(microseconds: 2_000_000) }
        var delays = quiet
        var bounds = try Bystander.bounds(scene) { delays = try writes("beside") }
        bounds += [
            .most(
                "half of the writes into a space of \(count) streams, against none",
                delays.share(0.5) / quiet.share(0.5),
                5, .times),
            .most("cpu in a second in which nothing happens", idle, 250, .milliseconds),
        ]
        return bounds
    }
}
