import Multiformats
import UCAN

extension Attack {
    /// An owner goes to and fro between two policies of a space with many members.
    static let policy = Attack(name: "policy") { arena in
        let scene = try arena.start(["--registration", "open"])
        let owner = try Accounts.register("owner", scene)
        let few = try Spaces.make(scene, owner.token, skey: "few")
        let many = try Spaces.make(scene, owner.token, skey: "many")
        let count = arena.scale(3000, short: 400)
        for number in 0..<10 { try Spaces.add(scene, "did:web:member\(number).example.com", to: few, owner.token) }
        let flood = try Flood(count, scene, from: Arena.bystander) { number, connection in
            try connection.post(
                "com.atproto.simplespace.addMember",
                ["space": .string(many), "did": .string("did:web:member\(number).example.com")], owner.token)
        }
        guard flood[200] == Double(count) else { throw DrillFailure("a member is refused: \(flood.summary)") }
        let connection = try scene.connection()
        let toggles = 20
        var refusals = 0
        func toggle(_ space: String) throws {
            for number in 0..<toggles {
                let answer = try connection.post(
                    "com.atproto.simplespace.updateSpace",
                    ["space": .string(space), "policy": .string(number % 2 == 0 ? "public" : "member-list")],
                    owner.token)
                if answer.status == 429 {
                    refusals += 1
                } else if answer.status != 200 {
                    throw DrillFailure("updateSpace: \(answer.summary)")
                }
            }
        }
        let small = try scene.cpu(ofEach: toggles) { try toggle(few) }
        var large = 0.0
        let disk = scene.disk()
        try toggle(many)
        let written = (scene.disk() - disk) / Double(toggles)
        let bounds = try Bystander.bounds(scene) { large = try scene.cpu(ofEach: toggles) { try toggle(many) } }
        return bounds + [
            .most("cpu of a change of policy at \(count) members, against 10", large / small, 5, .times),
            .most("disk of a change of policy", written, 200_000, .bytes),
        ]
    }
}
