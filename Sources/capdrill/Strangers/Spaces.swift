import Multiformats

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
