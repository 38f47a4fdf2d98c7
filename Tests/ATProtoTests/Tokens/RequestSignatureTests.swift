import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct RequestSignatureTests {
    let key: PrivateKey
    let now = Timestamp(seconds: 1_738_368_000)
    private let audience = "did:plc:44ybard66vv44zksje25o7dz"

    init() throws { key = try TokenWorld().key("dpop") }

    /// Signs over the given parameters as they stand, so that only the fault under test is there.
    private func fields(
        _ input: String, authorization: String = "Atproto-Space abc", audience: String? = nil,
        label: String = "atproto-space"
    ) throws -> PresentedFields {
        let named = audience ?? self.audience
        let base = """
            "authorization": \(authorization)
            "atproto-space-audience": \(named)
            "@signature-params": \(input)
            """
        let signature = try TokenSignature.make(Array(base.utf8), by: key)
        return PresentedFields(
            authorization: [authorization], audience: [named], signatureInput: ["\(label)=\(input)"],
            signature: ["\(label)=:\(Base64.encode(signature, padded: true)):"])
    }

    private func name(_ fields: PresentedFields) -> String? {
        errorName { () throws(ATProtoError) in
            try RequestSignature.verifyUse(fields, by: key.publicKey, audience: audience, at: now)
        }
    }

    private let components = #"("authorization" "atproto-space-audience")"#

    @Test func parametersAreCoveredAndChecked() throws {
        let did = key.did.text
        for (parameters, told) in [
            ("", nil), (#";alg="ecdsa-p256-sha256""#, nil), (#";alg="ed25519""#, "BadSpaceSignature"),
            (";alg=ecdsa-p256-sha256", "BadSpaceSignature"), (";keyid=\"\(did)\"", nil),
            (#";keyid="did:key:zDnaepqxVmMw6o8oXtDA3jMsfbJJbKZP2Thhz9crzc3b52wjP""#, "BadSpaceSignature"),
            (##";keyid="#key""##, "BadSpaceSignature"), (";keyid", "BadSpaceSignature"),
            (";created=1738368005", nil), (";created=1738368006", "BadSpaceSignature"),
            (";created=1738368000.5", "BadSpaceSignature"), (";expires=1738367996", nil),
            (";expires=1738367995", "BadSpaceSignature"),
            (#";nonce="a\"b\\";tag="x";z;y=?0;n=-1;d=1.5;b=:AAA=:;t=a/b"#, nil),
            (";created=1;created=2", "BadSpaceSignature"),
        ] as [(String, String?)] {
            #expect(name(try fields(components + parameters)) == told, "\(parameters)")
        }
    }

    @Test func componentsAreExactlyTheseInThisOrder() throws {
        for components in [
            "()", #"("authorization")"#, #"("atproto-space-audience" "authorization")"#,
            #"("authorization" "atproto-space-audience" "host")"#, #"("authorization";sf "atproto-space-audience")"#,
            #"(authorization "atproto-space-audience")"#, #""authorization""#,
            #"("Authorization" "atproto-space-audience")"#,
        ] {
            #expect(name(try fields(components)) == "BadSpaceSignature", "\(components)")
        }
    }

    @Test func malformedFieldsAreRefused() throws {
        let sound = try fields(components)
        #expect(name(sound) == nil)
        let signature = sound.signature[0]
        for bad in [
            "", "atproto-space", "atproto-space=?1", signature + ",", signature + " x", signature + ", " + signature,
            String(signature.dropLast()), signature.replacing("==:", with: ":"), signature.replacing(":", with: "\""),
            "atproto-space=:" + String(repeating: "A", count: 9000) + ":", "Atproto-Space" + signature.dropFirst(13),
            "sig1=:AAAA:",
        ] {
            var fields = sound
            fields.signature = [bad]
            #expect(name(fields) == "BadSpaceSignature", "\(bad.prefix(60))")
            fields = sound
            fields.signatureInput = [bad]
            #expect(name(fields) == "BadSpaceSignature", "\(bad.prefix(60))")
        }
        var blanks = sound
        blanks.signature = ["sig1=:AAAA:\t ,  " + signature + " "]
        blanks.signatureInput = ["sig1=();a", sound.signatureInput[0]]
        #expect(name(blanks) == nil)
    }

    @Test func signedFieldsComeOnceAndAreTrimmed() throws {
        var sound = try fields(components)
        sound.authorization = ["\t Atproto-Space abc  "]
        #expect(name(sound) == nil)
        var twice = sound
        twice.authorization.append("Atproto-Space abc")
        #expect(name(twice) == "BadSpaceSignature")
        twice = sound
        twice.audience += sound.audience
        #expect(name(twice) == "BadSpaceSignature")
        twice.audience = []
        #expect(name(twice) == "BadSpaceSignature")
        #expect(name(try fields(components, audience: "did:plc:ewvi7nxzyoun6zhxrhs64oiz")) == "BadSpaceAudience")
        // A line break would let one field speak for the next.
        #expect(name(try fields(components, authorization: "Atproto-Space a\nb")) == "BadSpaceSignature")
    }

    @Test func obtainingNeedsAKeyAndOneKindOfProof() throws {
        let made = try RequestSignature.make(authorization: "Bearer abc", audience: nil, key: key)
        let sound = PresentedFields(
            authorization: ["Bearer abc"], signatureInput: [made.input], signature: [made.signature])
        func told(_ fields: PresentedFields) -> String? {
            errorName { () throws(ATProtoError) in
                _ = try BindingProof.verify(fields, method: "POST", url: "https://a.example/x", at: now)
            }
        }
        #expect(told(sound) == nil)
        var both = sound
        both.proof = ["x"]
        #expect(told(both) == "InvalidRequest")
        // Those of profile P are told by their header, however wrong it is.
        #expect(told(PresentedFields(authorization: ["Bearer abc"])) == "BadSpaceSignature")
        #expect(told(PresentedFields(authorization: ["Bearer abc"], proof: [""])) == "BadDpopProofSignature")
        var half = sound
        half.signature = []
        #expect(told(half) == "BadSpaceSignature")
        let unnamed = try TokenSignature.make(
            Array("\"authorization\": Bearer abc\n\"@signature-params\": (\"authorization\")".utf8), by: key)
        #expect(
            told(
                PresentedFields(
                    authorization: ["Bearer abc"], signatureInput: [#"atproto-space=("authorization")"#],
                    signature: ["atproto-space=:\(Base64.encode(unnamed, padded: true)):"])) == "BadSpaceSignature")
    }

    @Test func credentialsArePresentedAsTheyAreBound() throws {
        let world = try TokenWorld()
        let text = try #require(world.file["httpSignature"]).vectorText("credential")
        let signed = try SpaceCredential.verify(text, keys: world.keys, at: now)
        let made = try RequestSignature.make(authorization: "Atproto-Space " + text, audience: audience, key: key)
        let request = DPoPProof.Request(method: "GET", url: "https://a.example/x", accessToken: text)
        let fields = PresentedFields(
            authorization: ["Atproto-Space " + text], audience: [audience],
            proof: [try DPoPProof.make(for: request, key: key, at: now)], signatureInput: [made.input],
            signature: [made.signature])
        func told(_ credential: SpaceCredential, _ scheme: RequestCredential.Scheme) -> String? {
            errorName { () throws(ATProtoError) in
                _ = try credential.verifyPresentation(
                    fields, scheme: scheme, method: "GET", url: "https://a.example/x", audience: audience, at: now)
            }
        }
        #expect(told(signed, .signature) == nil)
        #expect(told(signed, .proof) == "BadJwtCnf")
        let bound = try SpaceCredential.verify(world.credential("valid-es256"), keys: world.keys, at: now)
        #expect(told(bound, .signature) == "BadJwtCnf")
    }
}
