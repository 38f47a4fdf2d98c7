import Multiformats
import UCAN

extension Attack {
    /// Strangers use what nobody gave them; each use has a mark of its own, so that it is not used twice.
    static let marks = Attack(name: "marks") { arena in
        let count = arena.scale(10_000, short: 1000)
        let scene = try arena.start()
        let space = scene.cast.space
        var flood: Flood?
        var growth = 0.0
        var bounds = try Bystander.bounds(scene) {
            growth = try scene.growth {
                flood = try Flood(count, scene) { _, connection in
                    let key = try PrivateKey.generate(.ed25519)
                    let token = try TokenMaker.invocation(
                        invoker: key,
                        capabilities: [TokenCapability(resource: "\(space)/kv/secret", ability: "tinycloud.kv/get")],
                        proofs: [], expires: Clock.now().adding(seconds: 290))
                    return try connection.ask("POST", "/invoke", nil, ["Authorization: \(token.authorization())"])
                }
            }
        }
        let known = try scene.connection(Arena.bystander).ask(
            "POST", "/invoke", nil,
            ["Authorization: \(scene.cast.read(["type": "list", "limit": 1]).authorization())"])
        bounds += [
            .so("a known caller is answered after the flood", known.status == 200, known.summary),
            .most("memory of a flood of \(count) uses without a right", growth, 16e6, .bytes),
            .most("uses without a right that are allowed", flood?[200] ?? 0, 0, .count),
            // The known caller has one too.
            .most(
                "marks kept for each use without a right", try scene.verified("marks") / Double(count), 0.1, .times),
        ]
        return bounds
    }
}
