import ATProto
import Multiformats
import Testing
import UCAN

/// What is made here is what the vectors hold, where signing is deterministic, and verifies everywhere else.
@Suite struct MakingTests {
    let world: TokenWorld

    init() throws { world = try TokenWorld() }

    @Test func delegationTokensEqualTheVectorByteForByte() throws {
        let vector = try #require(world.cases("delegation").first).vectorText("token")
        let made = try DelegationToken.make(
            issuer: world.user, space: world.space, key: world.key("member"), at: world.now,
            id: "f47ac10b58cc4372a5670e02b2c3d479")
        #expect(made.text == vector)
        #expect(try DelegationToken.verify(vector, keys: world.keys, at: world.now) == made)
        #expect(made.use.until == Timestamp(seconds: 1_738_368_066))
        #expect(made.use.id == made.id && made.use.issuer == made.issuer && made.use.kind == .delegation)
    }

    @Test func credentialsEqualTheVectorByteForByte() throws {
        let made = try SpaceCredential.make(
            space: world.space, binding: .thumbprint(world.key("dpop").publicKey.thumbprint), keyID: KeyID.account,
            key: world.key("authority #atproto"), lifetime: 7200, at: world.now,
            id: "9f8e7d6c5b4a3210fedcba9876543210")
        #expect(try made.text == world.credential("valid-es256k-fallback-key"))
    }

    @Test func credentialsOfBothBindingsVerify() throws {
        let holder = try world.key("dpop").publicKey
        for binding in [SpaceCredential.Binding.key(holder), .thumbprint(holder.thumbprint)] {
            let made = try SpaceCredential.make(
                space: world.space, binding: binding, keyID: KeyID.space, key: world.key("authority #atproto_space"),
                at: world.now)
            #expect(made.expiresAt == made.issuedAt + 600)
            #expect(try SpaceCredential.verify(made.text, keys: world.keys, at: world.now) == made)
        }
    }

    @Test(arguments: [0, -1, 3601, 7201]) func credentialsOfOtherLifetimesAreNotMade(_ lifetime: Int64) throws {
        let holder = try world.key("dpop").publicKey
        let (space, key, now) = (try world.space, try world.key("authority #atproto"), world.now)
        func name(_ binding: SpaceCredential.Binding) -> String? {
            errorName { () throws(ATProtoError) in
                _ = try SpaceCredential.make(
                    space: space, binding: binding, keyID: KeyID.account, key: key, lifetime: lifetime, at: now)
            }
        }
        #expect(name(.key(holder)) == "InvalidRequest")
        #expect(name(.thumbprint(holder.thumbprint)) == (lifetime == 3601 ? nil : "InvalidRequest"))
    }

    @Test func proofsMadeHereVerify() throws {
        let key = try PrivateKey.generate(.p256)
        let url = "https://pds.example.com/xrpc/com.atproto.space.getRepo?space=x#y"
        for token in [nil, "abc"] {
            let request = DPoPProof.Request(method: "GET", url: url, accessToken: token)
            let text = try DPoPProof.make(for: request, key: key, at: world.now)
            let proof = try DPoPProof.verify([text], for: request, at: world.now)
            #expect(proof.thumbprint == key.publicKey.thumbprint)
            #expect(proof.use.until == Timestamp(seconds: 1_738_368_066))
        }
        #expect(throws: ATProtoError.self) {
            try DPoPProof.make(
                for: .init(method: "GET", url: url, accessToken: nil), key: .generate(.secp256k1), at: world.now)
        }
    }

    @Test func requestSignaturesHaveTheBaseOfTheVector() throws {
        let section = try #require(world.file["httpSignature"])
        let key = try world.key("dpop")
        let delegation = try #require(world.cases("delegation").first).vectorText("token")
        let credential = try section.vectorText("credential")
        for (authorization, audience, base) in [
            ("Bearer " + delegation, nil, try section.vectorText("obtainSignatureBase")),
            ("Atproto-Space " + credential, try world.user, try section.vectorText("useSignatureBase")),
        ] {
            let made = try RequestSignature.make(authorization: authorization, audience: audience, key: key)
            let encoded = made.signature.dropFirst("atproto-space=:".count).dropLast()
            let signature = try #require(Base64.decode(encoded.utf8, padding: .required))
            #expect(
                TokenSignature.isSound(signature, over: Array(base.utf8), by: key.publicKey, form: .low))
            #expect(base.hasSuffix("\"@signature-params\": " + made.input.dropFirst("atproto-space=".count)))
            let fields = PresentedFields(
                authorization: [authorization], audience: audience.map { [$0] } ?? [], signatureInput: [made.input],
                signature: [made.signature])
            if let audience {
                try RequestSignature.verifyUse(fields, by: key.publicKey, audience: audience, at: world.now)
            } else {
                #expect(try RequestSignature.verifyObtaining(fields, at: world.now) == key.publicKey)
            }
        }
    }

    @Test func attestationsAndServiceTokensMadeHereVerify() throws {
        let client = "https://app.example.com/client-metadata.json"
        let attestation = try ClientAttestation.make(
            clientID: client, keyID: "key-1", space: world.space, key: world.key("client"), at: world.now)
        #expect(try ClientAttestation.unverifiedClientID(attestation) == client)
        let verified = try ClientAttestation.verify(
            attestation, space: world.space, keys: world.clientKeys, at: world.now)
        #expect(verified.clientID == client && verified.use.issuer == client)

        let token = try ServiceAuthToken.make(
            issuer: world.user, audience: "did:web:a.example#forum", method: "com.atproto.space.notifyWrite",
            key: world.key("member"), at: world.now)
        let service = try ServiceAuthToken.verify(
            token, audiences: ["did:web:a.example", "did:web:a.example#forum"],
            method: "com.atproto.space.notifyWrite", keys: world.keys, at: world.now)
        #expect(try service.issuer == world.user && service.audience == "did:web:a.example#forum")
    }

    @Test func identifiersAreFreshAndOfTheWrittenForm() {
        let ids = (0..<64).map { _ in TokenID.random() }
        #expect(Set(ids).count == 64)
        for id in ids { #expect(Base16.decode(id.utf8)?.count == 16) }
    }
}
