import CapTesting
import Multiformats
import UCAN

/// A service whose owner signed in with everything a client of the key-value plane asks for, and somebody it delegates to.
final class KVScene {
    let scene: Scene
    /// The session's root: all of `kv`, as clients ask for it at sign-in.
    let root: UnverifiedToken
    let bob: PrivateKey

    static let abilities = ["get", "put", "list", "del", "metadata"]

    init(
        in folder: TemporaryFolder = TemporaryFolder(), now: Int64 = Scene.start, options: [String] = [],
        isNew: Bool = true
    ) throws {
        let scene = try Scene(in: folder, now: now, options: options)
        self.scene = scene
        bob = try Cast.key(0x44)
        let token = try scene.cacao(
            scene.owner, to: scene.session.did.text,
            Self.abilities.map { try scene.space.can("tinycloud.kv/\($0)", "kv") } + [
                scene.space.can("tinycloud.capabilities/read", "capabilities"),
                scene.space.can("tinycloud.delegation/revoke", "delegation"),
            ])
        if isNew { try scene.host(scene.space, by: scene.owner) }
        root = try scene.admit(token)
    }

    /// Who uses a capability, and what it cites.
    struct Party {
        let key: PrivateKey
        let proofs: [UnverifiedToken]
    }

    var owner: Party { Party(key: scene.session, proofs: [root]) }

    /// Delegates abilities on one path to Bob.
    func delegate(_ abilities: [String], on path: String, caveats: [JSON] = [], lasts: Int64 = 3600) throws -> Party {
        let token = try scene.admit(
            scene.ucan(
                scene.session, to: bob.did,
                abilities.map { try scene.space.can("tinycloud.kv/\($0)", path, caveats: caveats) }, proofs: [root],
                lasts: lasts))
        return Party(key: bob, proofs: [token])
    }

    func token(
        _ verb: String, _ paths: [String?], by party: Party? = nil, caveats: [JSON] = [], in space: SpaceName? = nil
    ) throws -> UnverifiedToken {
        let party = party ?? owner
        return try scene.invocation(
            party.key,
            paths.map {
                try (space ?? scene.space).can("tinycloud.kv/\(verb)", $0.map { "kv/\($0)" } ?? "kv", caveats: caveats)
            }, proofs: party.proofs)
    }

    func ask(
        _ verb: String, _ path: String?, by party: Party? = nil, body: [UInt8] = [], headers: [String] = [],
        caveats: [JSON] = []
    ) throws -> RawResponse {
        try send(token(verb, [path], by: party, caveats: caveats), body: body, headers: headers)
    }

    func send(_ token: UnverifiedToken, body: [UInt8] = [], headers: [String] = []) throws -> RawResponse {
        try scene.wire.ask(
            "POST", "/invoke", headers: headers + ["Authorization: \(token.authorization())"], body: body)
    }

    @discardableResult
    func put(_ path: String, _ text: String, by party: Party? = nil) throws -> RawResponse {
        try ask("put", path, by: party, body: Array(text.utf8), headers: ["Content-Type: text/plain"])
    }

    func list(_ path: String?, by party: Party? = nil) throws -> [String] {
        try ask("list", path, by: party).json.strings
    }

    /// Everything that is stored, as the owner sees it: path, tag, content type and bytes.
    func everything() throws -> [[String]] {
        try list("").map { path in
            let value = try ask("get", path)
            return [path, value.header("etag") ?? "", value.header("content-type") ?? "", Base16.encode(value.body)]
        }
    }

    static func etag(_ bytes: [UInt8]) -> String { "\"blake3-\(BLAKE3.hash(bytes).hex)\"" }

    /// A multipart body as `FormData` of a client sends it.
    static func form(_ parts: [(path: String, type: String, bytes: [UInt8])]) -> (header: String, body: [UInt8]) {
        let boundary = "----formdata-undici-012345678901"
        var body: [UInt8] = []
        for part in parts {
            body += Array(
                ("--\(boundary)\r\nContent-Disposition: form-data; name=\"\(SpaceScene.escaped(part.path))\"; "
                    + "filename=\"blob\"\r\nContent-Type: \(part.type)\r\n\r\n").utf8)
            body += part.bytes + [13, 10]
        }
        body += Array("--\(boundary)--\r\n".utf8)
        return ("Content-Type: multipart/form-data; boundary=\(boundary)", body)
    }
}
