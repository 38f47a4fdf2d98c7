import Multiformats
import UCAN

/// Somebody whom nobody knows: a key made a moment ago, and the space that it owns by being that key.
struct Stranger {
    let key: PrivateKey
    let space: String

    init() throws {
        key = try PrivateKey.generate(.ed25519)
        space = "tinycloud:key:\(key.did.text.dropFirst("did:key:".count)):own"
    }

    /// Gives somebody a capability on the stranger's own space.
    func delegation(
        to audience: DID, paths: [String] = ["kv/gift"], abilities: [String] = ["tinycloud.kv/get"],
        lifetime: Int64 = 3600, at now: Timestamp = Clock.now()
    ) throws -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: key, audience: audience,
            capabilities: paths.flatMap { path in
                try abilities.map { try TokenCapability(resource: "\(space)/\(path)", ability: $0) }
            },
            expires: now.adding(seconds: lifetime), nonce: TokenMaker.freshNonce())
    }
}
