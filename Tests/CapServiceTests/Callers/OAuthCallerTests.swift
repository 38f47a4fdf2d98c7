import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import CapService

/// Callers by OAuth access tokens of the configured issuer, with DPoP (atproto-spaces.md 3, 6).
@Suite struct OAuthCallerTests {
    private final class Rig {
        let scene: CallerScene
        let issuerKey: PrivateKey
        let key: PrivateKey
        let subject: String
        let name = CallerScene.getRecord

        init() throws {
            let issuer = Locked("")
            scene = try CallerScene { settings in
                settings.oauthIssuer = issuer.withLock { $0 }.isEmpty ? nil : issuer.withLock { $0 }
            }
            issuerKey = try PrivateKey.generate(.p256)
            key = try PrivateKey.generate(.p256)
            // The issuer's address is known only once it listens.
            let url = scene.elsewhere.url
            issuer.withLock { $0 = url }
            try scene.restart()
            subject = try scene.account("alice").did
            scene.serve(
                "/.well-known/oauth-authorization-server",
                ["issuer": .string(url), "jwks_uri": .string("\(url)/jwks")])
            publish(issuerKey)
        }

        func publish(_ key: PrivateKey) {
            var jwk = key.publicKey.jwk.object ?? JSONObject()
            jwk["kid"] = "one"
            scene.serve("/jwks", ["keys": [.object(jwk)]])
        }

        func token(
            _ scope: String = "atproto space:com.example.forum?collection=*", by key: PrivateKey? = nil,
            _ changes: [String: JSON] = [:]
        ) throws -> String {
            var claims = JSONObject()
            claims["iss"] = .string(scene.elsewhere.url)
            claims["sub"] = .string(subject)
            claims["aud"] = .string(try scene.test.service.address.serviceDID())
            claims["client_id"] = "https://app.example/client.json"
            claims["scope"] = .string(scope)
            claims["cnf"] = ["jkt": .string(self.key.publicKey.thumbprint)]
            claims["iat"] = .number(JSONNumber(scene.now))
            claims["exp"] = .number(JSONNumber(scene.now + 900))
            for (name, value) in changes { claims[name] = value.isNull ? nil : value }
            let signer = key ?? issuerKey
            return try Forged.token(
                ["typ": "at+jwt", "alg": .string(signer.publicKey.curve.algorithm), "kid": "one"], .object(claims),
                signer)
        }

        func token(_ changes: [String: JSON]) throws -> String {
            try token("atproto space:com.example.forum?collection=*", by: nil, changes)
        }

        func ask(_ token: String, _ proof: String? = nil) throws -> JSON {
            let proof = try proof ?? scene.proof(key, "GET", name, token: token)
            return try scene.get(name, "", ["Authorization: DPoP \(token)", "DPoP: \(proof)"])
        }
    }

    @Test func anAppActsForItsUserWithinItsScopes() throws {
        let rig = try Rig()
        let told = try rig.ask(rig.token())
        #expect(told["did"]?.string == rig.subject && told["grant"] == "oauth https://app.example/client.json")
        let scope = SpaceScopes(parsing: told["scopes"]?.array?.first?.string ?? "")
        let space = try SpaceURI("at://\(rig.subject)/space/com.example.forum/main")
        #expect(scope.allows(SpaceAccess(space, .create(collection: "com.example.post"))))
        #expect(!scope.allows(SpaceAccess(try SpaceURI("at://did:web:x.example/space/com.example.forum/a"), .read)))
        let transition = try rig.ask(rig.token("atproto transition:generic"))
        #expect(transition["scopes"] == [], "scopes of the transition cover nothing in spaces")
        #expect(
            transition["session"] == told["session"], "one authorization is one session, however often it is refreshed")
    }

    @Test func theSessionIsAnEdgeThatEndsForEver() throws {
        let rig = try Rig()
        let told = try rig.ask(rig.token())
        let store = rig.scene.test.service.store
        let session = try DID(principal: #require(told["session"]?.string))
        let question = CheckQuestion(
            principal: session, ability: .accountUse, resource: .account(try DID(rig.subject)))
        #expect(store.unprovenSnapshot().check(question, at: rig.scene.time).isAllowed)
        let edge = try #require(store.unprovenSnapshot().newestEdge(of: .session, for: session))
        let user = try DID(rig.subject)
        try store.transact(at: rig.scene.time) { try $0.end(edge, by: user, reason: "signed out") }
        #expect(try rig.ask(rig.token()) == "401 InvalidToken")
    }

    @Test func eachFaultOfAnAccessTokenIsRefused() throws {
        let rig = try Rig()
        func ask(_ changes: [String: JSON]) throws -> JSON { try rig.ask(rig.token(changes)) }
        #expect(try ask(["iss": "https://other.example"]) == "401 InvalidToken")
        #expect(try ask(["aud": "did:web:other.example"]) == "401 InvalidToken")
        #expect(try ask(["sub": "did:web:nobody.localhost"]) == "401 InvalidToken")
        #expect(try ask(["cnf": .null]) == "401 InvalidToken")
        #expect(try ask(["client_id": .null]) == "401 InvalidToken")
        #expect(try rig.ask(rig.token(by: PrivateKey.generate(.p256))) == "401 InvalidToken")
        let token = try rig.token()
        let other = try PrivateKey.generate(.p256)
        #expect(try rig.ask(token, rig.scene.proof(other, "GET", rig.name, token: token)) == "401 DpopKeyMismatch")
        #expect(try rig.scene.get(rig.name, "", ["Authorization: DPoP \(token)"]) == "401 MissingDpopProof")
        #expect(try rig.scene.get(rig.name, "", ["Authorization: Bearer \(token)"]) == "401 BadJwt")
        let proof = try rig.scene.proof(rig.key, "GET", rig.name, token: token)
        #expect(try rig.ask(token, proof)["kind"] == "account")
        #expect(try rig.ask(token, proof) == "401 BadDpopProof", "a proof is used once")
        rig.scene.advance(905)
        #expect(try rig.ask(token) == "401 ExpiredToken")
    }

    @Test func theIssuersKeysAreFetchedOnceAndAgainWhenTheyChange() throws {
        let rig = try Rig()
        for _ in 0..<3 { #expect(try rig.ask(rig.token())["kind"] == "account") }
        #expect(rig.scene.elsewhere.requests.count == 2)
        let next = try PrivateKey.generate(.p256)
        rig.publish(next)
        #expect(try rig.ask(rig.token(by: next))["kind"] == "account")
        #expect(try rig.ask(rig.token()) == "401 InvalidToken")
    }

    @Test func withoutAConfiguredIssuerNoneIsTrusted() throws {
        let scene = try CallerScene()
        let key = try PrivateKey.generate(.p256)
        let token = try Forged.token(["typ": "at+jwt", "alg": "ES256"], ["iss": "https://a.example"], key)
        #expect(
            try scene.get(CallerScene.getRecord, "", ["Authorization: DPoP \(token)", "DPoP: x"])
                == "401 InvalidToken")
    }
}
