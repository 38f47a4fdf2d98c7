import Multiformats

extension Attack {
    /// An account has this service call somebody who never asked for it, once for each service of one document.
    static let notify = Attack(name: "notify") { arena in
        let count = arena.scale(1000, short: 200)
        let victim = try NewsReceiver { _, port in
            let services = (0..<count).map { number -> JSON in
                [
                    "id": .string("#s\(number)"), "type": "Anything",
                    "serviceEndpoint": .string("http://localhost:\(port)"),
                ]
            }
            return ["id": .string("did:web:localhost%3A\(port)"), "service": .array(services)]
        }
        try victim.start()
        let scene = try arena.start(["--registration", "open", "--allow-loopback-peers", "on"])
        let owner = try Accounts.register("owner", scene)
        let space = try Spaces.make(scene, owner.token)
        let connection = try scene.connection()
        var taken = 0
        for number in 0..<count {
            let answer = try connection.post(
                "com.atproto.space.registerNotify",
                ["space": .string(space), "service": .string("\(victim.authority)#s\(number)")], owner.token)
            if answer.status == 200 { taken += 1 }
        }
        let writes = 5
        var bounds = try Bystander.bounds(scene) {
            for number in 0..<writes {
                let answer = try Spaces.write(connection, space, owner, "k\(number)")
                guard answer.status == 200 else { throw DrillFailure("putRecord: \(answer.summary)") }
            }
            // Until a second has passed without a call, or it is plain what happens.
            let end = Clock.milliseconds() + 8000
            var last = (count: -1, at: Clock.milliseconds())
            while Clock.milliseconds() < end, Clock.milliseconds() - last.at < 1000 {
                if victim.count != last.count { last = (victim.count, Clock.milliseconds()) }
                Clock.wait(microseconds: 50_000)
            }
        }
        bounds += [
            .most("services of one document that are told without having agreed", Double(taken), 1, .count),
            .most("calls of a third party for \(writes) writes", Double(victim.count), Double(2 * writes), .count),
        ]
        return bounds
    }
}
