import ATProto
import Multiformats
import UCAN

/// One record read over HTTP through the gate, by its author's session and by a member's credential, against the same
/// server answering a constant: by the service's cpu, which the client's own does not disturb.
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
            return Measurement(
                shape: "record-read-\(name)", value: try rate(requests, world), floor: try rate(constants, world),
                unit: "1/cpu s", target: .atLeast(0.5))
        }
    }

    private static func rate(_ requests: [[UInt8]], _ world: SpaceWorld) throws -> Double {
        let before = world.service.cpuSeconds()
        for _ in 0..<3 { _ = try Load.run(requests, port: world.service.port) }
        return Double(3 * requests.count) / (world.service.cpuSeconds() - before)
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
