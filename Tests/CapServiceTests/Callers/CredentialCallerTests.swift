import ATProto
import CapTesting
import Identity
import Multiformats
import Spaces
import Testing
import UCAN

@testable import CapService

/// Callers by a space credential under `DPoP`, of an authority on another host (atproto-spaces.md 4.4, 4.5).
@Suite struct CredentialCallerTests {
    /// A credential of a foreign authority, and the key it is bound to.
    private struct Rig {
        let scene: CallerScene
        let authorityKey: PrivateKey
        let key: PrivateKey
        let authority: String
        let space: SpaceURI
        let name = CallerScene.getRecord

        init(_ keyID: String = KeyID.space) throws {
            scene = try CallerScene()
            authorityKey = try PrivateKey.generate(.secp256k1)
            key = try PrivateKey.generate(.p256)
            authority = try scene.publish("forum", [keyID: authorityKey])
            space = try SpaceURI("at://\(authority)/space/com.example.forum/main")
        }

        func credential(keyID: String = KeyID.space, lifetime: Int64 = 600) throws -> SpaceCredential {
            try SpaceCredential.make(
                space: space, binding: .thumbprint(key.publicKey.thumbprint), keyID: keyID, key: authorityKey,
                lifetime: lifetime, at: scene.time)
        }

        func headers(_ token: String, _ proof: String? = nil) throws -> [String] {
            let proof = try proof ?? scene.proof(key, "GET", name, token: token)
            return ["Authorization: DPoP \(token)", "DPoP: \(proof)"]
        }

        func ask(_ token: String, _ proof: String? = nil) throws -> JSON {
            try scene.get(name, "", headers(token, proof))
        }

        func forged(header: [String: JSON] = [:], _ claims: [String: JSON]) throws -> JSON {
            try ask(Forged.changing(credential().text, header: header, claims, by: authorityKey))
        }
    }

    @Test func aForeignCredentialIsTakenAtItsAuthoritysWord() throws {
        let rig = try Rig()
        let credential = try rig.credential()
        let told = try rig.ask(credential.text)
        #expect(told["kind"] == "credential" && told["space"]?.string == rig.space.text)
        #expect(told["did"]?.string == "urn:ietf:params:oauth:jwk-thumbprint:sha-256:\(rig.key.publicKey.thumbprint)")
        #expect(told["jti"]?.string == credential.id)
        #expect(told["edge"]?.string == Base16.encode(BLAKE3.hash(Array(credential.text.utf8)).bytes))
        // Only the DID was resolved.
        #expect(rig.scene.elsewhere.requests.map(\.target) == ["/forum/did.json"])
        #expect(try rig.ask(credential.text)["kind"] == "credential", "a credential is used many times")
        #expect(rig.scene.elsewhere.requests.count == 1)
    }

    @Test func anAuthorityWithoutASpaceKeySignsWithItsOwn() throws {
        let rig = try Rig(KeyID.account)
        #expect(try rig.ask(rig.credential(keyID: KeyID.account).text)["kind"] == "credential")
        #expect(try rig.ask(rig.credential().text) == "401 BadJwtIss", "the key that `kid` names is not published")
    }

    @Test func eachFaultOfACredentialHasItsName() throws {
        let rig = try Rig()
        #expect(try rig.forged(["iss": .string("did:web:other.example")]) == "401 BadJwtIss")
        #expect(try rig.forged(["iss": "nobody"]) == "401 BadJwtIss")
        #expect(try rig.forged(["sub": "at://nothing"]) == "401 BadJwtSub")
        #expect(try rig.forged(["aud": .string(rig.authority)]) == "401 BadJwtAudience")
        #expect(try rig.forged(["cnf": .null]) == "401 BadJwtCnf")
        #expect(try rig.forged(["jti": .null]) == "401 BadJwt")
        #expect(try rig.forged(["exp": .number(JSONNumber(rig.scene.now + 7201))]) == "401 BadJwt")
        #expect(try rig.forged(header: ["alg": "none"], [:]) == "401 BadJwtSignature")
        let strange = try PrivateKey.generate(.secp256k1)
        #expect(try rig.ask(Forged.changing(rig.credential().text, by: strange)) == "401 BadJwtSignature")
        #expect(
            try rig.scene.get(rig.name, "", ["Authorization: Bearer \(rig.credential().text)"]) == "401 BadJwtCnf")
        let elsewhere = try rig.headers(rig.credential().text)[0].replacing("DPoP", with: "Atproto-Space")
        #expect(try rig.scene.get(rig.name, "", [elsewhere]) == "401 BadJwtCnf")
    }

    @Test func credentialsExpireByTheInjectedClockAlsoWhenRemembered() throws {
        let rig = try Rig()
        let text = try rig.credential().text
        #expect(try rig.ask(text)["kind"] == "credential")
        rig.scene.advance(604)
        #expect(try rig.ask(text)["kind"] == "credential", "five seconds of skew")
        rig.scene.advance(1)
        #expect(try rig.ask(text) == "401 JwtExpired")
    }

    @Test func eachFaultOfAProofHasItsName() throws {
        let rig = try Rig()
        let (scene, text) = (rig.scene, try rig.credential().text)
        func forged(header: [String: JSON] = [:], _ claims: [String: JSON]) throws -> JSON {
            let proof = try scene.proof(rig.key, "GET", rig.name, token: text)
            return try rig.ask(text, Forged.changing(proof, header: header, claims, by: rig.key))
        }
        #expect(try scene.get(rig.name, "", ["Authorization: DPoP \(text)"]) == "401 MissingDpopProof")
        #expect(try forged(["htm": "POST"]) == "401 BadDpopProof")
        #expect(try forged(["ath": .null]) == "401 BadDpopProof")
        #expect(try forged(["ath": "AAAA"]) == "401 BadDpopProof")
        #expect(try forged(["jti": .null]) == "401 BadDpopProof")
        #expect(try forged(["iat": .number(JSONNumber(scene.now - 66))]) == "401 DpopProofExpired")
        #expect(try forged(["iat": .number(JSONNumber(scene.now - 65))])["kind"] == "credential")
        #expect(try forged(["iat": .number(JSONNumber(scene.now + 6))]) == "401 BadDpopProofSignature")
        #expect(try forged(header: ["typ": "JWT"], [:]) == "401 BadDpopProofSignature")
        #expect(try forged(header: ["jwk": .null], [:]) == "401 BadDpopProofSignature")
        let other = try PrivateKey.generate(.p256)
        #expect(try rig.ask(text, scene.proof(other, "GET", rig.name, token: text)) == "401 DpopKeyMismatch")
        let proof = try scene.proof(rig.key, "GET", rig.name, token: text)
        #expect(try rig.ask(text, String(proof.dropLast(8)) + "AAAAAAAA") == "401 BadDpopProofSignature")
        let fresh = try scene.proof(rig.key, "GET", rig.name, token: text)
        #expect(
            try scene.get(rig.name, "", rig.headers(text, fresh) + ["DPoP: \(fresh)"]) == "401 BadDpopProof",
            "two proofs")
        #expect(try rig.ask(text, fresh)["kind"] == "credential", "what was refused did not use the proof up")
    }

    @Test func aProofIsForThePublicAddressWhateverHostTheRequestNames() throws {
        let rig = try Rig()
        let text = try rig.credential().text
        let request = DPoPProof.Request(
            method: "GET", url: "http://forum.localhost/xrpc/\(rig.name)", accessToken: text)
        let proof = try DPoPProof.make(for: request, key: rig.key, at: rig.scene.time)
        #expect(try rig.ask(text, proof) == "401 BadDpopProof")
        let query = try rig.scene.proof(rig.key, "GET", rig.name, token: text)
        let told = try rig.scene.get(rig.name, "space=x&repo=y", rig.headers(text, query))
        #expect(told["kind"] == "credential", "the query is no part of what a proof names")
        let configured = try CallerScene { $0.publicURL = "https://forum.example" }
        let key = try PrivateKey.generate(.secp256k1)
        let authority = try configured.publish("forum", [KeyID.space: key])
        let space = try SpaceURI("at://\(authority)/space/com.example.forum/main")
        let credential = try SpaceCredential.make(
            space: space, binding: .thumbprint(rig.key.publicKey.thumbprint), keyID: KeyID.space, key: key,
            at: configured.time)
        func ask(_ origin: String) throws -> JSON {
            let request = DPoPProof.Request(
                method: "GET", url: "\(origin)/xrpc/\(rig.name)", accessToken: credential.text)
            let proof = try DPoPProof.make(for: request, key: rig.key, at: configured.time)
            return try configured.get(rig.name, "", rig.headers(credential.text, proof))
        }
        #expect(try ask(configured.url) == "401 BadDpopProof")
        #expect(try ask("https://forum.example")["kind"] == "credential")
    }

    @Test func aProofIsUsedOnceAlsoAfterARestart() throws {
        let rig = try Rig()
        let (scene, text) = (rig.scene, try rig.credential().text)
        let proof = try scene.proof(rig.key, "GET", rig.name, token: text)
        #expect(try rig.ask(text, proof)["kind"] == "credential")
        #expect(try rig.ask(text, proof) == "401 BadDpopProof")
        let later = try Forged.changing(proof, ["iat": .number(JSONNumber(scene.now - 60))], by: rig.key)
        #expect(try rig.ask(text, later) == "401 BadDpopProof", "one `jti`, whatever the time beside it")
        let port = scene.test.port
        try scene.restart()
        // The address is a new one unless it is configured, so the proof fails by it alone: name it anew.
        let again = try Forged.changing(
            proof, ["htu": .string("\(scene.url)/xrpc/\(rig.name)")], by: rig.key)
        #expect(scene.test.port != port || again == proof)
        #expect(try rig.ask(text, again) == "401 BadDpopProof", "its `jti` was used before")
        let other = try scene.proof(rig.key, "GET", rig.name, token: text)
        #expect(try rig.ask(text, other)["kind"] == "credential")
    }

    @Test func soundSignaturesAreRememberedAndRefusalsAreNot() throws {
        let rig = try Rig()
        let cache = rig.scene.test.service.credentialCache
        let good = try rig.credential().text
        let bad = try Forged.changing(good, ["jti": "x"], by: rig.key)
        #expect(try rig.ask(bad) == "401 BadJwtSignature")
        #expect(cache.find(BLAKE3.hash(Array(bad.utf8))) == nil)
        #expect(cache.find(BLAKE3.hash(Array(good.utf8))) == nil)
        #expect(try rig.ask(good)["kind"] == "credential")
        #expect(cache.find(BLAKE3.hash(Array(good.utf8)))?.key == rig.authorityKey.publicKey)
    }

    @Test func aRememberedSignatureIsNotVerifiedAgain() throws {
        let rig = try Rig()
        let cache = rig.scene.test.service.credentialCache
        let strange = try PrivateKey.generate(.secp256k1)
        let forged = try SpaceCredential.make(
            space: rig.space, binding: .thumbprint(rig.key.publicKey.thumbprint), keyID: KeyID.space, key: strange,
            at: rig.scene.time)
        let digest = BLAKE3.hash(Array(forged.text.utf8))
        let holder = try forged.binding.holder
        cache.remember(forged, strange.publicKey, holder, digest)
        #expect(try rig.ask(forged.text) == "401 BadJwtSignature", "remembered under a key that is not published")
        // Were it verified again, it would be refused again.
        cache.remember(forged, rig.authorityKey.publicKey, holder, digest)
        #expect(try rig.ask(forged.text)["kind"] == "credential")
    }

    @Test func aRotatedKeyIsFoundOnceItsSignatureComes() throws {
        let rig = try Rig()
        let old = try rig.credential().text
        #expect(try rig.ask(old)["kind"] == "credential")
        let next = try PrivateKey.generate(.p256)
        try rig.scene.publish("forum", [KeyID.space: next])
        let new = try SpaceCredential.make(
            space: rig.space, binding: .thumbprint(rig.key.publicKey.thumbprint), keyID: KeyID.space, key: next,
            at: rig.scene.time
        ).text
        #expect(try rig.ask(new)["kind"] == "credential")
        #expect(rig.scene.elsewhere.requests.count == 2)
        #expect(try rig.ask(old) == "401 BadJwtSignature", "remembered under a key that is no longer published")
    }
}
