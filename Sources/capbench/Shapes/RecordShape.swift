import ATProto
import Multiformats
import UCAN

/// One record read over HTTP through the gate, by its author's session and by a member's credential, against the same
/// server answering a constant.
enum RecordShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld(people: 2)
        let (author, reader) = (world.people[1], world.people[0])
        _ = try Load.run([world.writes(0..<1, by: author)], port: world.service.port)
        let query =
            "space=\(SpaceWorld.escaped(world.space))&repo=\(SpaceWorld.escaped(author.did))"
            + "&collection=\(SpaceWorld.collection)&rkey=r0"
        let constant = Load.call("/version", [])
        let byAuthor = SpaceWorld.request("com.atproto.space.getRecord", author, nil, query: query)
        let byCredential = try signed(world, reader, query, of: author)
        return try [("session", byAuthor), ("credential", byCredential)].map { name, request in
            let requests = [[UInt8]](repeating: request, count: scale.requests)
            let constants = [[UInt8]](repeating: constant, count: scale.requests)
            // What is read first fills caches that a running service has.
            _ = try Load.run(Array(requests.prefix(100)), port: world.service.port)
            var (best, floor) = (Double.infinity, Double.infinity)
            for _ in 0..<3 {
                best = min(best, try Load.run(requests, port: world.service.port))
                floor = min(floor, try Load.run(constants, port: world.service.port))
            }
            let count = Double(scale.requests) * 1e9
            return Measurement(
                shape: "record-read-\(name)", value: count / best, floor: count / floor, unit: "1/s",
                target: .atLeast(0.5))
        }
    }

    private static func signed(
        _ world: SpaceWorld, _ reader: SpaceWorld.Person, _ query: String, of author: SpaceWorld.Person
    ) throws -> [UInt8] {
        let key = try PrivateKey(curve: .p256, seed: SHA256.hash(Array("bench".utf8)).bytes)
        let value = "Atproto-Space " + (try world.credential(of: reader, key: key))
        let signed = try RequestSignature.make(authorization: value, audience: author.did, key: key)
        return Load.call(
            "/xrpc/com.atproto.space.getRecord?" + query,
            [
                "Authorization: \(value)", "Atproto-Space-Audience: \(author.did)", "Signature-Input: \(signed.input)",
                "Signature: \(signed.signature)",
            ])
    }
}
