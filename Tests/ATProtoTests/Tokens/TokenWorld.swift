import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// The people, keys and documents of `spaces/tokens.json`.
struct TokenWorld {
    let file: JSON
    let documents: [String: DIDDocument]

    init() throws {
        file = try Fixture.json("vectors/atproto/spaces/tokens.json")
        var documents: [String: DIDDocument] = [:]
        for (did, json) in try #require(file["didDocs"]?.object).members {
            documents[did] = try DIDDocument(json, of: did)
        }
        self.documents = documents
    }

    func cases(_ section: String) throws -> [JSON] { try #require(file[section]?.array) }

    func key(_ name: String) throws -> PrivateKey {
        let key = try #require(file["keys"]?[name])
        let curve: Curve = try key.vectorText("alg") == "ES256" ? .p256 : .secp256k1
        return try PrivateKey(curve: curve, seed: key.vectorHex("privateKeyHex"))
    }

    func credential(_ name: String) throws -> String {
        try #require(cases("credential").first { $0["name"]?.string == name }).vectorText("token")
    }

    var keys: KeySource {
        { did, keyID throws(ATProtoError) in try documents[did]?.key(keyID) }
    }

    func clientKeys(_ clientID: String) throws(ATProtoError) -> JWKSet {
        guard let set = file["clientMetadata"]?[clientID]?["jwks"] else {
            throw ATProtoError("InvalidClientAttestation", clientID)
        }
        return try JWKSet(set)
    }

    var space: SpaceURI { get throws { try SpaceURI(#require(file["constants"]).vectorText("space")) } }
    var user: String { get throws { try #require(file["constants"]).vectorText("user") } }
    let now = Timestamp(seconds: 1_738_368_000)

    static func time(of vector: JSON) throws -> Timestamp {
        Timestamp(seconds: try #require(vector["verifyAt"]?.number?.int64))
    }
}

/// Runs a body and gives the wire name of what it throws; nil when it throws nothing.
func errorName(_ body: () throws(ATProtoError) -> Void) -> String? {
    do {
        try body()
        return nil
    } catch {
        return error.name
    }
}

/// Compares an outcome with a vector's `expect` and `error`.
func expectOutcome(_ name: String?, of vector: JSON, sourceLocation: SourceLocation = #_sourceLocation) {
    let label = vector["name"]?.string ?? ""
    switch vector["expect"]?.string {
    case _ where vector["acceptedHere"] != nil: #expect(name == nil, "\(label)", sourceLocation: sourceLocation)
    case "accept": #expect(name == nil, "\(label)", sourceLocation: sourceLocation)
    case "reject":
        #expect(name != nil, "\(label)", sourceLocation: sourceLocation)
        if let wanted = vector["error"]?.string { #expect(name == wanted, "\(label)", sourceLocation: sourceLocation) }
    default: Issue.record("\(label) expects nothing", sourceLocation: sourceLocation)
    }
}
