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
            ("record-read-session", SpaceWorld.get(nsid, query, world.owner.token), 0.5),
            ("record-read-credential", SpaceWorld.get(nsid, query, headers: credential), 0.4),
        ].map { name, request, target in
            let each = scale.requests / Rounds.count
            let cpu = try Rounds.measure { _ in
                try world.service.cpu(Array(repeating: request, count: each))
            } floor: { _ in
                try world.service.cpu(Array(repeating: constant, count: each))
            }
            let count = Double(each * Rounds.count)
            return Measurement(
                shape: name, value: count / cpu.value, floor: count / cpu.floor, unit: "1/cpu s",
                target: .atLeast(target))
        }
    }
}
