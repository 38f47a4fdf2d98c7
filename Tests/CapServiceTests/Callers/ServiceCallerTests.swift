import ATProto
import CapTesting
import Identity
import Multiformats
import Testing
import UCAN

@testable import CapService

/// Callers by inter-service tokens (atproto-spaces.md 4.7).
@Suite struct ServiceCallerTests {
    private struct Rig {
        let scene: CallerScene
        let key: PrivateKey
        let issuer: String
        let name = CallerScene.listRepos

        init() throws {
            scene = try CallerScene()
            key = try PrivateKey.generate(.secp256k1)
            issuer = try scene.publish("bob", [KeyID.account: key])
        }

        func token(_ audience: String? = nil, method: String? = nil) throws -> String {
            try ServiceAuthToken.make(
                issuer: issuer, audience: audience ?? scene.test.service.address.serviceDID(),
                method: method ?? name, key: key, at: scene.time)
        }

        func ask(_ token: String, _ query: String = "") throws -> JSON {
            try scene.get(name, query, ["Authorization: Bearer \(token)"])
        }
    }

    @Test func aTokenIsItsIssuer() throws {
        let rig = try Rig()
        let told = try rig.ask(rig.token())
        #expect(told["kind"] == "service" && told["did"]?.string == rig.issuer)
        #expect(told["method"]?.string == rig.name)
    }

    @Test func itIsForTheMethodAsCalledAndUsedOnce() throws {
        let rig = try Rig()
        #expect(try rig.ask(rig.token(method: CallerScene.getRecord)) == "401 BadJwtLexiconMethod")
        let token = try rig.token()
        #expect(try rig.ask(token)["kind"] == "service")
        #expect(try rig.ask(token) == "401 JwtReplayed")
        let lasting = try rig.token(rig.scene.test.service.nodeDID.text)
        #expect(try rig.ask(lasting)["kind"] == "service")
        try rig.scene.restart()
        #expect(try rig.ask(lasting) == "401 JwtReplayed", "also after a restart")
    }

    @Test func itIsAddressedToThisServiceOrTheSpacesAuthority() throws {
        let rig = try Rig()
        let (alice, carol) = (try rig.scene.account("alice"), try rig.scene.account("carol"))
        let query = "space=at://\(alice.did.replacing("%", with: "%25"))/space/com.example.forum/main"
        for audience in [alice.did, alice.did + "#atproto_space_host"] {
            #expect(try rig.ask(rig.token(audience), query)["audience"]?.string == audience)
            #expect(try rig.ask(rig.token(audience))["audience"]?.string == audience)
        }
        #expect(try rig.ask(rig.token(rig.scene.test.service.nodeDID.text), query)["kind"] == "service")
        #expect(try rig.ask(rig.token(carol.did), query) == "401 BadJwtAudience", "the authority of another space")
        #expect(try rig.ask(rig.token(alice.did + "#forum"), query) == "401 BadJwtAudience")
        #expect(try rig.ask(rig.token("did:web:elsewhere.example"), query) == "401 BadJwtAudience")
        let news = try ServiceAuthToken.make(
            issuer: rig.issuer, audience: "did:web:elsewhere.example", method: CallerScene.notifyWrite, key: rig.key,
            at: rig.scene.time)
        #expect(
            try rig.scene.post(CallerScene.notifyWrite, [:], ["Authorization: Bearer \(news)"]) == "403 Forbidden")
    }

    @Test func eachFaultOfATokenHasItsName() throws {
        let rig = try Rig()
        func forged(header: [String: JSON] = [:], _ claims: [String: JSON]) throws -> JSON {
            try rig.ask(Forged.changing(rig.token(), header: header, claims, by: rig.key))
        }
        for type in [
            "at+jwt", "refresh+jwt", "dpop+jwt", "atproto-space-credential+jwt",
        ] { #expect(try forged(header: ["typ": .string(type)], [:]) == "401 BadJwtType", "\(type)") }
        #expect(try forged(["iss": "bob"]) == "401 BadJwtIss")
        #expect(try forged(["jti": .null]) == "401 BadJwt")
        #expect(try forged(["iss": "did:web:127.0.0.1%3A1:nobody"]) == "502 UpstreamFailure")
        #expect(try forged(["iss": .string(rig.issuer + "x")]) == "401 BadJwtIss", "nobody there")
        let strange = try PrivateKey.generate(.secp256k1)
        #expect(try rig.ask(Forged.changing(rig.token(), by: strange)) == "401 BadJwtSignature")
        let token = try rig.token()
        rig.scene.advance(65)
        #expect(try rig.ask(token) == "401 JwtExpired")
    }

    @Test func whoKeepsTheKeyOfItsDIDMakesAnAccountByIt() throws {
        let rig = try Rig()
        let method = "com.atproto.server.createAccount"
        func create(_ token: String?, did: String) throws -> JSON {
            try rig.scene.post(
                method, ["handle": "bob.localhost", "password": "a secret of hers", "did": .string(did)],
                token.map { ["Authorization: Bearer \($0)"] } ?? [])
        }
        #expect(try create(nil, did: rig.issuer) == "401 AuthMissing")
        let other = try rig.scene.publish("eve", [KeyID.account: PrivateKey.generate(.p256)])
        #expect(try create(rig.token(method: method), did: other) == "403 Forbidden")
        #expect(try create(rig.token(), did: rig.issuer) == "401 BadJwtLexiconMethod")
        let token = try rig.token(method: method)
        let made = try create(token, did: rig.issuer)
        #expect(made["did"]?.string == rig.issuer, "\(made)")
        #expect(try rig.scene.test.service.accounts.signingKey(DID(rig.issuer)) == nil, "the owner keeps the key")
    }
}
