import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapService

/// Callers by a space credential with an HTTP message signature (atproto-spaces.md 4.6).
@Suite struct SignedCallerTests {
    private struct Rig {
        let scene: CallerScene
        let authorityKey: PrivateKey
        let key: PrivateKey
        let space: SpaceURI
        let credential: String
        let repo = "did:web:alice.example"

        init() throws {
            scene = try CallerScene()
            authorityKey = try PrivateKey.generate(.p256)
            key = try PrivateKey.generate(.p256)
            let authority = try scene.publish("forum", [KeyID.space: authorityKey])
            space = try SpaceURI("at://\(authority)/space/com.example.forum/main")
            credential = try SpaceCredential.make(
                space: space, binding: .key(key.publicKey), keyID: KeyID.space, key: authorityKey, at: scene.time
            ).text
        }

        func headers(_ audience: String, by key: PrivateKey? = nil) throws -> [String] {
            let value = "Atproto-Space \(credential)"
            let made = try RequestSignature.make(
                authorization: value, audience: audience, key: key ?? self.key)
            return [
                "Authorization: \(value)", "Atproto-Space-Audience: \(audience)", "Signature-Input: \(made.input)",
                "Signature: \(made.signature)",
            ]
        }

        func getRecord(_ headers: [String]) throws -> JSON {
            try scene.get(CallerScene.getRecord, "repo=\(repo)", headers)
        }
    }

    @Test func aSignedRequestIsItsKey() throws {
        let rig = try Rig()
        let told = try rig.getRecord(rig.headers(rig.repo))
        #expect(told["kind"] == "credential")
        // By its thumbprint, as in the other profile: the did:key may sign invocations, which is another thing.
        #expect(told["did"]?.string == "urn:ietf:params:oauth:jwk-thumbprint:sha-256:\(rig.key.publicKey.thumbprint)")
        #expect(try rig.getRecord(rig.headers(rig.repo))["kind"] == "credential", "a signature is used many times")
    }

    @Test func whatIsRememberedOfASignedRequestIsThatRequestAlone() throws {
        let rig = try Rig()
        let good = try rig.headers(rig.repo)
        for _ in 1...2 { #expect(try rig.getRecord(good)["kind"] == "credential") }
        #expect(try rig.scene.get(CallerScene.listRepos, "", good) == "401 BadSpaceAudience")
        #expect(try rig.scene.get(CallerScene.getRecord, "repo=did:web:x.example", good) == "401 BadSpaceAudience")
        let other = try rig.headers("did:web:x.example")
        #expect(try rig.getRecord(good.dropLast() + [other[3]]) == "401 BadSpaceSignature")
        rig.scene.advance(605)
        #expect(try rig.getRecord(good) == "401 JwtExpired")
    }

    @Test func repoMethodsAreAddressedToTheRepoAndHostMethodsToTheAuthority() throws {
        let rig = try Rig()
        let (repo, authority) = (try rig.headers(rig.repo), try rig.headers(rig.space.authority))
        #expect(try rig.getRecord(authority) == "401 BadSpaceAudience")
        #expect(try rig.scene.get(CallerScene.listRepos, "", repo) == "401 BadSpaceAudience")
        #expect(try rig.scene.get(CallerScene.listRepos, "", authority)["kind"] == "credential")
        #expect(try rig.scene.get(CallerScene.getRecord, "", authority)["kind"] == "credential", "no repo is named")
    }

    @Test func eachFaultOfASignatureHasItsName() throws {
        let rig = try Rig()
        let good = try rig.headers(rig.repo)
        for missing in 1...3 {
            var headers = good
            headers.remove(at: missing)
            #expect(try rig.getRecord(headers) == "401 BadSpaceSignature", "\(good[missing])")
        }
        #expect(try rig.getRecord(rig.headers(rig.repo, by: PrivateKey.generate(.p256))) == "401 BadSpaceSignature")
        #expect(
            try rig.getRecord(good.map { $0.replacing("example", with: "elsewhere") }) == "401 BadSpaceSignature",
            "another audience than was signed")
        #expect(try rig.getRecord(good + [good[1]]) == "401 BadSpaceSignature", "two audiences")
        #expect(
            try rig.getRecord([good[0].replacing("Atproto-Space", with: "DPoP")] + good.dropFirst())
                == "401 BadJwtCnf")
        let response = try rig.scene.test.get(CallerScene.getRecord, headers: [good[0]])
        #expect(response.header("www-authenticate") == "Atproto-Space")
    }
}
