import ATProto
import Multiformats
import Testing
import UCAN

/// Every case of `spaces/tokens.json`, with the error name it states.
@Suite struct TokenVectorTests {
    let world: TokenWorld

    init() throws { world = try TokenWorld() }

    @Test func delegationTokens() throws {
        let (space, cases) = (try world.space, try world.cases("delegation"))
        #expect(cases.count == 19)
        for vector in cases {
            let (token, time) = (try vector.vectorText("token"), try TokenWorld.time(of: vector))
            let name = errorName { () throws(ATProtoError) in
                try DelegationToken.verify(token, keys: world.keys, at: time).require(space: space)
            }
            expectOutcome(name, of: vector)
        }
    }

    @Test func credentials() throws {
        let (space, cases) = (try world.space, try world.cases("credential"))
        #expect(cases.count == 10)
        for vector in cases {
            let (token, time) = (try vector.vectorText("token"), try TokenWorld.time(of: vector))
            let name = errorName { () throws(ATProtoError) in
                try SpaceCredential.verify(token, keys: world.keys, at: time).require(space: space)
            }
            expectOutcome(name, of: vector)
        }
    }

    @Test func proofs() throws {
        let cases = try world.cases("dpop")
        #expect(cases.count == 16)
        for vector in cases {
            let (proof, time) = (try vector.vectorText("proof"), try TokenWorld.time(of: vector))
            let request = try #require(vector["request"])
            let credential = try request["credential"]?.string.map { name in
                let text = try world.credential(name)
                return try SpaceCredential.verify(text, keys: world.keys, at: world.now)
            }
            let (method, url) = (try request.vectorText("method"), try request.vectorText("url"))
            let fields = PresentedFields(proof: [proof])
            let name = errorName { () throws(ATProtoError) in
                if let credential {
                    let use = try credential.verifyPresentation(
                        fields, scheme: .proof, method: method, url: url, audience: "", at: time)
                    #expect(use?.kind == .proof)
                } else {
                    let obtained = try BindingProof.verify(fields, method: method, url: url, at: time)
                    #expect(obtained.binding == .thumbprint("4ob-6DXcNq4ASLhpefxdWwHWUXpgKVdx85TGFk7SmG4"))
                }
            }
            expectOutcome(name, of: vector)
        }
    }

    @Test func attestations() throws {
        let (space, cases) = (try world.space, try world.cases("clientAttestation"))
        #expect(cases.count == 7)
        for vector in cases {
            let (token, time) = (try vector.vectorText("token"), try TokenWorld.time(of: vector))
            let name = errorName { () throws(ATProtoError) in
                let attestation = try ClientAttestation.verify(token, space: space, keys: world.clientKeys, at: time)
                #expect(attestation.clientID == "https://app.example.com/client-metadata.json")
            }
            expectOutcome(name, of: vector)
        }
    }

    @Test func requestSignatures() throws {
        let section = try #require(world.file["httpSignature"])
        let (user, cases) = (try world.user, try #require(section["cases"]?.array))
        #expect(cases.count == 9)
        let key = try world.key("dpop").publicKey
        for vector in cases {
            let headers = try #require(vector["headers"])
            func values(_ name: String) -> [String] { headers[name]?.string.map { [$0] } ?? [] }
            let fields = PresentedFields(
                authorization: values("authorization"), audience: values("atproto-space-audience"),
                signatureInput: values("signature-input"), signature: values("signature"))
            let credentialKey = try vector["credentialKey"]?.string.map { try PublicKey(did: DID($0)) }
            let name = errorName { () throws(ATProtoError) in
                if let credentialKey {
                    try RequestSignature.verifyUse(fields, by: credentialKey, audience: user, at: world.now)
                } else {
                    let obtained = try BindingProof.verify(fields, method: "POST", url: "", at: world.now)
                    #expect(obtained.binding == .key(key) && obtained.use == nil)
                }
            }
            expectOutcome(name, of: vector)
            if name != nil { #expect(name == "BadSpaceSignature") }
        }
        let credential = try SpaceCredential.verify(
            section.vectorText("credential"), keys: world.keys, at: world.now)
        #expect(credential.binding == .key(key))
    }

    @Test func thumbprints() throws {
        let keys = try #require(world.file["keys"]?.object).members
        #expect(keys.count == 6)
        for (name, vector) in keys {
            let key = try world.key(name).publicKey
            #expect(try key.thumbprint == vector.vectorText("jkt"))
            #expect(try key.did.text == vector.vectorText("didKey"))
            #expect(try key.multikey == vector.vectorText("multikey"))
            #expect(try PublicKey(jwk: #require(vector["jwk"])) == key)
        }
    }
}
