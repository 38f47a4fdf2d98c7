import Multiformats
import UCAN

/// Names the keys of everyone in these tests; the same number is always the same key.
enum Cast {
    static func wallet(_ number: UInt8) throws -> EthereumKey {
        try EthereumKey(scalar: [UInt8](repeating: 0, count: 31) + [number])
    }

    static func key(_ number: UInt8, _ curve: Curve = .ed25519) throws -> PrivateKey {
        try PrivateKey(curve: curve, seed: [UInt8](repeating: number, count: 32))
    }
}

/// One space and how capabilities in it are written.
struct SpaceName {
    let text: String

    init(of owner: DID, _ name: String = "default") {
        text = "tinycloud:" + owner.text.dropFirst("did:".count) + ":" + name
    }

    func resource(_ rest: String) -> String { "\(text)/\(rest)" }

    /// A capability on a resource of the space, such as `kv/notes/`.
    func can(_ ability: String, _ rest: String, caveats: [JSON] = []) throws -> TokenCapability {
        try TokenCapability(resource: resource(rest), ability: ability, caveats: caveats)
    }

    var host: [TokenCapability] { get throws { [try can("tinycloud.space/host", "space")] } }

    /// What a client asks for at sign-in.
    var session: [TokenCapability] {
        get throws {
            [
                try can("tinycloud.capabilities/read", "capabilities"),
                try can("tinycloud.delegation/list", "delegation"),
                try can("tinycloud.delegation/revoke", "delegation"),
                try can("tinycloud.delegation/status", "delegation"),
                try can("tinycloud.kv/get", "kv/notes/"), try can("tinycloud.kv/list", "kv/notes/"),
                try can("tinycloud.kv/put", "kv/notes/"),
            ]
        }
    }

    var readAll: [TokenCapability] { get throws { [try can("tinycloud.capabilities/read", "capabilities/all")] } }
}
