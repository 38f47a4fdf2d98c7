import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// An application with a key of its own that asks for credentials and reads with them, in both profiles.
struct CredentialApp {
    let scene: SpaceScene
    let key: PrivateKey

    init(_ scene: SpaceScene) throws {
        self.scene = scene
        key = try PrivateKey.generate(.p256)
    }

    enum Proof {
        case good, none, forAnotherMethod
    }

    private static let name = SpaceScene.space + "getSpaceCredential"

    private func proof(_ method: String, _ name: String, token: String?) throws -> String {
        let url = scene.accounts.service.url + "/xrpc/" + name
        return try DPoPProof.make(
            for: DPoPProof.Request(method: method, url: url, accessToken: token), key: key, at: scene.time)
    }

    private func body(_ space: String, _ attestation: String?) -> [UInt8] {
        var body = JSONObject()
        body["space"] = .string(space)
        body["clientAttestation"] = attestation.map { .string($0) }
        return JSON.object(body).serialized()
    }

    /// Exchanges a delegation token with a DPoP proof.
    func exchange(
        _ token: String, on space: String, proof kind: Proof = .good, attestation: String? = nil
    ) throws -> RawResponse {
        var headers: [String] = []
        if kind != .none {
            headers = ["DPoP: " + (try proof(kind == .good ? "POST" : "GET", Self.name, token: nil))]
        }
        return try scene.accounts.wire.post(
            "/xrpc/" + Self.name, authorization: "Bearer " + token, body: body(space, attestation), headers: headers)
    }

    func credential(_ token: String, on space: String) throws -> String {
        let answer = try exchange(token, on: space)
        return try #require(answer.json["credential"]?.string, "\(answer.text)")
    }

    /// Exchanges a delegation token with an HTTP message signature.
    func signedCredential(_ token: String, on space: String) throws -> String {
        let value = "Bearer " + token
        let signed = try RequestSignature.make(authorization: value, audience: nil, key: key)
        let answer = try scene.accounts.wire.post(
            "/xrpc/" + Self.name, authorization: value, body: body(space, nil),
            headers: ["Signature-Input: " + signed.input, "Signature: " + signed.signature])
        return try #require(answer.json["credential"]?.string, "\(answer.text)")
    }

    func read(_ rkey: String, of author: String, in space: String, _ credential: String) throws -> RawResponse {
        let query = [("space", space), ("repo", author), ("collection", SpaceScene.post), ("rkey", rkey)]
        return try get(SpaceScene.space + "getRecord", query, credential)
    }

    /// Any query with a proof.
    func get(_ name: String, _ query: [(String, String)], _ credential: String) throws -> RawResponse {
        let text = query.map { "\($0.0)=\(SpaceScene.escaped($0.1))" }.joined(separator: "&")
        return try scene.accounts.wire.get(
            "/xrpc/\(name)?\(text)",
            headers: [
                "Authorization: DPoP " + credential, "DPoP: " + (try proof("GET", name, token: credential)),
            ])
    }

    func signedRead(_ rkey: String, of author: String, in space: String, _ credential: String) throws -> RawResponse {
        let value = "Atproto-Space " + credential
        let signed = try RequestSignature.make(authorization: value, audience: author, key: key)
        return try scene.accounts.wire.get(
            "/xrpc/\(SpaceScene.space)getRecord?\(query(rkey, author, space))",
            headers: [
                "Authorization: " + value, "Atproto-Space-Audience: " + author, "Signature-Input: " + signed.input,
                "Signature: " + signed.signature,
            ])
    }

    private func query(_ rkey: String, _ author: String, _ space: String) -> String {
        [("space", space), ("repo", author), ("collection", SpaceScene.post), ("rkey", rkey)]
            .map { "\($0.0)=\(SpaceScene.escaped($0.1))" }.joined(separator: "&")
    }
}

/// An application whose metadata another host publishes.
struct AttestedClient {
    let host: StubHost
    let key: PrivateKey

    init() throws {
        let key = try PrivateKey.generate(.p256)
        self.key = key
        var jwk = key.publicKey.jwk.object ?? JSONObject()
        jwk["kid"] = "one"
        let set: JSON = ["keys": [.object(jwk)]]
        host = StubHost { asked in
            let place = asked.head.split(separator: "\r\n").first { $0.hasPrefix("host:") }?.dropFirst(5)
                .drop { $0 == " " }
            let id = "http://\(place ?? "")\(asked.target)"
            let metadata: JSON = ["client_id": .string(id), "jwks": set]
            return StubHost.Reply(200, String(decoding: metadata.serialized(), as: UTF8.self))
        }
    }

    var id: String { host.url + "/client.json" }
    var allowList: JSON {
        ["$type": "com.atproto.simplespace.defs#allowList", "allowed": [.string(id)]]
    }

    func attestation(for space: String, at now: Timestamp, key: PrivateKey? = nil) throws -> String {
        try ClientAttestation.make(
            clientID: id, keyID: "one", space: SpaceURI(space), key: key ?? self.key, at: now)
    }
}
