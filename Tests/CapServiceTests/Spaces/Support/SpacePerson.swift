import ATProto
import Multiformats
import Testing
import UCAN

/// An account and its session; each call opens a connection unless it is lent one.
struct SpacePerson: Sendable {
    let host: SpaceStage
    let did: String
    var token: String
    /// Where the account's documents say it is served.
    let origin: String

    private var authorization: [String] { ["Authorization: Bearer \(token)"] }

    func get(_ nsid: String, _ query: [(String, String)] = [], on wire: Wire? = nil) throws -> RawResponse {
        try XRPCWire.get(wire ?? Wire(host.port), nsid, query, headers: authorization)
    }

    func post(_ nsid: String, _ body: JSON, on wire: Wire? = nil) throws -> RawResponse {
        try XRPCWire.post(wire ?? Wire(host.port), nsid, body, headers: authorization)
    }

    /// Makes a space whose list of members decides; gives its URI.
    func createSpace(skey: String) throws -> String {
        let response = try post(
            "com.atproto.simplespace.createSpace",
            [
                "type": .string(SpaceStage.forum), "skey": .string(skey),
                "policy": ["$type": "com.atproto.simplespace.defs#memberListPolicy"],
                "appAccess": ["$type": "com.atproto.simplespace.defs#open"],
            ])
        return try #require(response.json["uri"]?.string, "\(response.text)")
    }

    func add(_ person: SpacePerson, to space: String) throws {
        let response = try post(
            "com.atproto.simplespace.addMember", ["space": .string(space), "did": .string(person.did)])
        try #require(response.status == 200, "\(response.text)")
    }

    @discardableResult
    func write(_ text: String, to space: String, rkey: String? = nil, on wire: Wire? = nil) throws -> RawResponse {
        var body: JSONObject = JSONObject()
        body["space"] = .string(space)
        body["repo"] = .string(did)
        body["collection"] = .string(SpaceStage.post)
        body["record"] = ["$type": .string(SpaceStage.post), "text": .string(text)]
        if let rkey { body["rkey"] = .string(rkey) }
        return try post("com.atproto.space.createRecord", .object(body), on: wire)
    }

    /// Asks for a delegation token and exchanges it for a credential of a new key.
    func reader(of space: String, authority: SpacePerson) throws -> SpaceReader {
        let answer = try get("com.atproto.space.getDelegationToken", [("space", space)])
        let token = try #require(answer.json["token"]?.string, "\(answer.text)")
        return try SpaceReader(host: host, origin: authority.origin, space: space, token: token)
    }
}

/// An app with a credential bound to its key.
struct SpaceReader: Sendable {
    let host: SpaceStage
    let origin: String
    let space: String
    let key: PrivateKey
    let credential: String

    /// Exchanges a delegation token; fails the test when that is refused.
    init(host: SpaceStage, origin: String, space: String, token: String) throws {
        self.host = host
        self.origin = origin
        self.space = space
        key = try PrivateKey.generate(.p256)
        let response = try Self.exchange(host: host, origin: origin, space: space, token: token, key: key)
        credential = try #require(response.json["credential"]?.string, "\(response.text)")
    }

    static func exchange(
        host: SpaceStage, origin: String, space: String, token: String, key: PrivateKey
    ) throws -> RawResponse {
        let nsid = "com.atproto.space.getSpaceCredential"
        let proof = try DPoPProof.make(
            for: .init(method: "POST", url: "\(origin)/xrpc/\(nsid)", accessToken: nil), key: key, at: host.now)
        return try XRPCWire.post(
            Wire(host.port), nsid, ["space": .string(space)],
            headers: ["Authorization: Bearer \(token)", "DPoP: \(proof)"])
    }

    func headers(_ method: String, _ nsid: String) throws -> [String] {
        let request = DPoPProof.Request(method: method, url: "\(origin)/xrpc/\(nsid)", accessToken: credential)
        let proof = try DPoPProof.make(for: request, key: key, at: host.now)
        return ["Authorization: DPoP \(credential)", "DPoP: \(proof)"]
    }

    func get(_ nsid: String, _ query: [(String, String)] = [], on wire: Wire? = nil) throws -> RawResponse {
        try XRPCWire.get(
            wire ?? Wire(host.port), nsid, [("space", space)] + query, headers: try headers("GET", nsid))
    }
}
