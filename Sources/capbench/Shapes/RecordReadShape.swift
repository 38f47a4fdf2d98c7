import ATProto
import Multiformats
import UCAN

/// Gated reads of one record over HTTP, with a session and with a cached credential, against the same server answering
/// a constant; both by a second of the service's cpu.
enum RecordReadShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld()
        _ = try world.ask(world.batch(0, of: 1))
        let query = [
            ("space", world.space), ("repo", world.member.did), ("collection", SpaceWorld.collection),
            ("rkey", "r1-0-0"),
        ]
        let constant = Array("GET /version HTTP/1.1\r\nHost: bench\r\n\r\n".utf8)
        let key = try PrivateKey.generate(.p256)
        let credential = try world.credentialHeaders(key: key, audience: world.member.did)
        let nsid = "com.atproto.space.getRecord"
        return try [
            ("record-read-session", SpaceWorld.get(nsid, query, world.owner.token)),
            ("record-read-credential", SpaceWorld.get(nsid, query, headers: credential)),
        ].map { name, request in
            let cpu = try world.cpu(Array(repeating: request, count: scale.requests))
            let floor = try world.cpu(Array(repeating: constant, count: scale.requests))
            let count = Double(scale.requests)
            return Measurement(
                shape: name, value: count / cpu, floor: count / floor, unit: "1/cpu s", target: .atLeast(0.5))
        }
    }
}
