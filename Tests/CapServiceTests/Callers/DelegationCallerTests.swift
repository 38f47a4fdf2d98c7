import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapService

/// Delegation tokens and their binding proofs at the exchange (atproto-spaces.md 4.1, 4.3).
@Suite struct DelegationCallerTests {
    private struct Rig {
        let scene: CallerScene
        let userKey: PrivateKey
        let key: PrivateKey
        let user: String
        let space: SpaceURI
        let name = CallerScene.exchange

        init() throws {
            scene = try CallerScene()
            userKey = try PrivateKey.generate(.secp256k1)
            key = try PrivateKey.generate(.p256)
            user = try scene.publish("bob", [KeyID.account: userKey])
            space = try SpaceURI("at://did:web:forum.example/space/com.example.forum/main")
        }

        func token() throws -> String {
            try DelegationToken.make(issuer: user, space: space, key: userKey, at: scene.time).text
        }

        func ask(_ token: String, _ more: [String]? = nil, _ body: [String: JSON] = [:]) throws -> JSON {
            let more = try more ?? ["DPoP: \(proof())"]
            var object = JSONObject()
            object["space"] = .string(space.text)
            for (name, value) in body { object[name] = value }
            return try scene.post(name, .object(object), ["Authorization: Bearer \(token)"] + more)
        }

        func proof() throws -> String { try scene.proof(key, "POST", name, token: nil) }

        func signature(_ token: String) throws -> [String] {
            let made = try RequestSignature.make(authorization: "Bearer \(token)", audience: nil, key: key)
            return ["Signature-Input: \(made.input)", "Signature: \(made.signature)"]
        }
    }

    @Test func aTokenAndAProofGiveTheUserAndTheKey() throws {
        let rig = try Rig()
        let told = try rig.ask(rig.token())
        #expect(told["user"]?.string == rig.user)
        #expect(told["key"]?.string?.hasSuffix(":" + rig.key.publicKey.thumbprint) == true)
        let token = try rig.token()
        #expect(try rig.ask(token, rig.signature(token))["key"] == told["key"], "the key has one name in both profiles")
    }

    @Test func thereIsExactlyOneProof() throws {
        let rig = try Rig()
        let token = try rig.token()
        #expect(try rig.ask(token, []) == "401 BadSpaceSignature")
        #expect(try rig.ask(token, rig.signature(token) + ["DPoP: \(rig.proof())"]) == "400 InvalidRequest")
        let other = try rig.token()
        #expect(try rig.ask(token, rig.signature(other)) == "401 BadSpaceSignature")
        let withHash = try rig.scene.proof(rig.key, "POST", rig.name, token: token)
        #expect(try rig.ask(token, ["DPoP: \(withHash)"]) == "401 BadDpopProof", "there is no `ath` yet")
        #expect(try rig.ask(token)["user"]?.string == rig.user, "a failed proof does not burn the token")
    }

    @Test func tokenAndProofAreUsedOnce() throws {
        let rig = try Rig()
        let (token, proof) = (try rig.token(), try rig.proof())
        #expect(
            try rig.ask(token, ["DPoP: \(proof)"], ["consume": false])["user"]?.string == rig.user,
            "verifying consumes nothing")
        #expect(try rig.ask(token, ["DPoP: \(proof)"])["user"]?.string == rig.user)
        #expect(try rig.ask(token) == "401 JwtReplayed")
        #expect(try rig.ask(rig.token(), ["DPoP: \(proof)"]) == "401 BadDpopProof")
        let fresh = try rig.token()
        try rig.scene.restart()
        #expect(try rig.ask(token) == "401 JwtReplayed", "also after a restart")
        #expect(try rig.ask(fresh)["user"]?.string == rig.user)
    }

    @Test func eachFaultOfATokenHasItsName() throws {
        let rig = try Rig()
        func forged(header: [String: JSON] = [:], _ claims: [String: JSON]) throws -> JSON {
            try rig.ask(Forged.changing(rig.token(), header: header, claims, by: rig.userKey))
        }
        #expect(try forged(["aud": .string(rig.space.authority)]) == "401 BadJwtAudience")
        #expect(try forged(["aud": .string(rig.space.authority + "#atproto_pds")]) == "401 BadJwtAudience")
        #expect(try forged(["sub": "at://did:web:forum.example"]) == "401 BadJwtSub")
        #expect(try forged(["iss": "bob"]) == "401 BadJwtIss")
        #expect(try forged(["jti": .null]) == "401 BadJwt")
        #expect(try forged(["cnf": ["jkt": "x"]]) == "401 BadJwtCnf")
        #expect(try forged(["exp": .number(JSONNumber(rig.scene.now + 301))]) == "401 BadJwt")
        #expect(try forged(header: ["kid": "#other"], [:]) == "401 BadJwt")
        #expect(try forged(header: ["kid": .string(KeyID.space)], [:]) == "401 BadJwtIss")
        #expect(try forged(header: ["alg": "none"], [:]) == "401 BadJwtSignature")
        let strange = try PrivateKey.generate(.secp256k1)
        #expect(try rig.ask(Forged.changing(rig.token(), by: strange)) == "401 BadJwtSignature")
        let token = try rig.token()
        let other = SpaceURIText.of(rig.space, skey: "other")
        #expect(try rig.ask(token, nil, ["space": .string(other)]) == "400 InvalidDelegationToken")
        rig.scene.advance(65)
        #expect(try rig.ask(token) == "401 JwtExpired")
    }

    @Test func aTokenIsGoodForNothingButTheExchange() throws {
        let rig = try Rig()
        let token = try rig.token()
        let header = ["Authorization: Bearer \(token)", "DPoP: \(try rig.proof())"]
        #expect(try rig.scene.get(CallerScene.getRecord, "", header) == "401 AuthMissing")
        #expect(try rig.scene.post(rig.name, ["space": .string(rig.space.text)], []) == "401 AuthMissing")
        let alice = try rig.scene.account("alice")
        #expect(try rig.ask(alice.access) == "401 BadJwtType")
    }
}

/// Writes the URI of a neighbouring space.
private enum SpaceURIText {
    static func of(_ space: SpaceURI, skey: String) -> String {
        "at://\(space.authority)/space/\(space.type)/\(skey)"
    }
}
