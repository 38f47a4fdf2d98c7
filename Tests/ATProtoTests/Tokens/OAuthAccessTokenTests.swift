import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct OAuthAccessTokenTests {
    private let issuer = "https://auth.example.com"
    private let now = Timestamp(seconds: 1_738_368_000)
    private let holder: PrivateKey
    private let thumbprint: String

    init() throws {
        holder = try PrivateKey.generate(.p256)
        thumbprint = holder.publicKey.thumbprint
    }

    private func set(_ keys: [(String?, PublicKey)]) throws -> JWKSet {
        try JWKSet([
            "keys": .array(
                keys.map { id, key in
                    ForgedToken.changing(key.jwk, ["kid": id.map { .string($0) } ?? .null, "use": "sig"])
                })
        ])
    }

    private func token(_ key: PrivateKey, header: [String: JSON] = [:], claims: [String: JSON] = [:]) throws -> String {
        let plainHeader: JSON = ["typ": "at+jwt", "alg": .string(key.curve.algorithm), "kid": "1"]
        let plainClaims: JSON = [
            "iss": .string(issuer), "sub": "did:plc:abc", "aud": "did:web:host",
            "client_id": "https://app.example/c.json",
            "scope": "atproto space:com.example.x", "iat": 1_738_368_000, "exp": 1_738_371_600, "jti": "j",
            "cnf": ["jkt": .string(thumbprint)],
        ]
        return try ForgedToken.make(
            header: ForgedToken.changing(plainHeader, header), claims: ForgedToken.changing(plainClaims, claims),
            key: key)
    }

    private func name(_ text: String, _ set: JWKSet, at offset: Int64 = 0) -> String? {
        errorName { () throws(ATProtoError) in
            _ = try OAuthAccessToken.verify(
                text, audiences: ["https://host.example", "did:web:host"],
                keys: { named throws(ATProtoError) in named == issuer ? set : nil },
                at: Timestamp(seconds: 1_738_368_000 + offset))
        }
    }

    @Test(arguments: Curve.allCases) func tokensOfEveryAlgorithmVerify(_ curve: Curve) throws {
        let key = try PrivateKey.generate(curve)
        let text = try token(key)
        #expect(try OAuthAccessToken.unverifiedIssuer(text) == issuer)
        let keys = try set([("1", key.publicKey)])
        let verified = try OAuthAccessToken.verify(
            text, audiences: ["did:web:host"], keys: { _ throws(ATProtoError) in keys }, at: now)
        #expect(verified.subject == "did:plc:abc" && verified.clientID == "https://app.example/c.json")
        #expect(SpaceScopes(parsing: verified.scope).scopes.count == 1)
        // The request proves the key.
        let request = DPoPProof.Request(method: "GET", url: "https://host.example/xrpc/a.b.c", accessToken: text)
        let proof = try DPoPProof.verify(
            [DPoPProof.make(for: request, key: holder, at: now)], for: request, at: now)
        try proof.require(thumbprint: verified.thumbprint)
        #expect(throws: ATProtoError.self) { try proof.require(thumbprint: key.publicKey.thumbprint) }
    }

    @Test func faultsAreInvalidTokens() throws {
        let key = try PrivateKey.generate(.p256)
        let keys = try set([("1", key.publicKey), ("2", holder.publicKey)])
        #expect(name(try token(key), keys) == nil)
        for (header, claims) in [
            (["typ": "JWT"], [:]), (["typ": .null], [:]), (["kid": "3"], [:]), (["kid": "2"], [:]),
            (["kid": .null], [:]),
            (["alg": "ES256K"], [:]), (["alg": "none"], [:]), ([:], ["iss": "https://evil.example"]),
            ([:], ["iss": .null]),
            ([:], ["aud": "did:web:other"]), ([:], ["aud": .null]), ([:], ["aud": ["a", "b"]]), ([:], ["sub": "alice"]),
            ([:], ["cnf": .null]), ([:], ["cnf": ["jkt": "x"]]), ([:], ["exp": .null]), ([:], ["iat": 1_738_368_006]),
        ] as [([String: JSON], [String: JSON])] {
            #expect(name(try token(key, header: header, claims: claims), keys) == "InvalidToken", "\(header) \(claims)")
        }
        #expect(name(try token(key, header: ["typ": "application/at+jwt"]), keys) == nil)
        #expect(name(try token(key, claims: ["aud": ["a", "did:web:host"]]), keys) == nil)
        #expect(name(try token(key), keys, at: 3604) == nil)
        #expect(name(try token(key), keys, at: 3605) == "ExpiredToken")
        #expect(name("opaque", keys) == "InvalidToken")
        // Without a key id only a set of one key says which it is.
        #expect(name(try token(key, header: ["kid": .null]), try set([(nil, key.publicKey)])) == nil)
    }
}

@Suite struct JWKSetTests {
    @Test func otherKeysAreLeftOutAndPrivateOnesRefused() throws {
        let (p256, secp256k1) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.secp256k1))
        func named(_ key: PrivateKey, _ id: String, _ more: [String: JSON] = [:]) -> JSON {
            ForgedToken.changing(key.publicKey.jwk, ["kid": .string(id)].merging(more) { $1 })
        }
        let keys: [JSON] = [
            named(p256, "a"), named(secp256k1, "b", ["key_ops": ["verify"], "x5t": "x"]),
            ["kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "c"], named(p256, "d", ["use": "enc"]),
            named(p256, "e", ["alg": "ECDH-ES"]), named(p256, "f", ["y": "AAAA"]), named(p256, "twice"),
            named(secp256k1, "twice"),
        ]
        let set = try JWKSet(["keys": .array(keys)])
        #expect(set.key("a") == p256.publicKey && set.key("b") == secp256k1.publicKey)
        #expect(set.entries.count == 4)
        for id in ["c", "d", "e", "f", "twice", ""] { #expect(set.key(id) == nil, "\(id)") }
        for bad: JSON in [
            [:], ["keys": [:]], ["keys": ["x"]], ["keys": [p256.jwk]], ["keys": [["kty": "oct", "k": "AAAA"]]],
            ["keys": [["kty": "RSA", "d": "AAAA"]]],
            ["keys": .array(Array(repeating: named(p256, "a"), count: 65))],
        ] {
            #expect(throws: ATProtoError.self, "\(bad)") { try JWKSet(bad) }
        }
        #expect(throws: ATProtoError.self) { try JWKSet(parsing: Array(#"{"keys":[],"keys":[]}"#.utf8)) }
        #expect(throws: ATProtoError.self) { try JWKSet(parsing: [UInt8](repeating: 0x20, count: 70_000)) }
    }

    @Test func thumbprintsFollowTheStandard() throws {
        // RFC 8037 A.3.
        let key = try PublicKey(jwk: [
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        ])
        #expect(key.thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")
    }
}
