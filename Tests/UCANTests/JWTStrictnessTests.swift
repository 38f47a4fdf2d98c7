import CapTesting
import Multiformats
import Testing
import UCAN

/// Signs any header and payload text, so that a refusal can only be the form's.
struct Forge {
    let key: PrivateKey
    var header: [String: String]
    var payload: [String: String]

    static let audience = "did:key:z6Mkg49NtQR2LyYRDCQFK4w1VVHqhypZSSRo7HsyuN7SV7v5"
    static let proof = "bafkr4iglifjta4fae5ecx5jrmgrxrxhoz5luyu3o4v5b7aofqmfmzgfmay"

    init(_ curve: Curve = .ed25519) throws {
        key = try PrivateKey(curve: curve, seed: [UInt8](repeating: 0x22, count: 32))
        header = ["alg": "\"\(curve.algorithm)\"", "typ": "\"JWT\"", "ucv": "\"0.10.0\""]
        let did = key.did
        payload = [
            "iss": "\"\(did.text)#\(did.identifier)\"", "aud": "\"\(Forge.audience)\"", "exp": "2000000000",
            "prf": "[]", "att": #"{"urn:x:a":{"a/b":[{}]}}"#,
        ]
    }

    static func object(_ members: [String: String]) -> String {
        "{" + members.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}"
    }

    static func sign(_ header: String, _ payload: String, _ key: PrivateKey) throws -> String {
        let text = Base64URL.encode(Array(header.utf8)) + "." + Base64URL.encode(Array(payload.utf8))
        return text + "." + Base64URL.encode(try key.sign(Array(text.utf8)))
    }

    func token(header: String? = nil, payload: String? = nil) throws -> String {
        try Forge.sign(header ?? Forge.object(self.header), payload ?? Forge.object(self.payload), key)
    }

    func changed(header: [String: String?] = [:], payload: [String: String?] = [:]) -> Forge {
        var copy = self
        for (name, value) in header { copy.header[name] = value }
        for (name, value) in payload { copy.payload[name] = value }
        return copy
    }

    func code(limits: TokenLimits = .default) throws -> UCANError.Code? {
        try code(of: token(), limits: limits)
    }

    func code(of token: String, limits: TokenLimits = .default) -> UCANError.Code? {
        refusal { _ = try UnverifiedToken.decode(authorization: token.utf8, limits: limits).verify() }
    }
}

/// One member set to a wrong value, or left out, and the refusal it must meet.
struct MemberCase: Sendable, CustomTestStringConvertible {
    let name: String
    let member: String
    let value: String?
    let code: UCANError.Code

    init(_ name: String, _ member: String, _ value: String?, _ code: UCANError.Code) {
        self.name = name
        self.member = member
        self.value = value
        self.code = code
    }

    var testDescription: String { name }
}

@Suite struct JWTStrictnessTests {
    @Test(arguments: Curve.allCases)
    func theForgedBaseVerifies(curve: Curve) throws {
        let forge = try Forge(curve)
        #expect(try forge.code() == nil)
        let token = try UnverifiedToken.decode(authorization: ("Bearer " + forge.token()).utf8).verify()
        #expect(token.issuer == forge.key.did && token.issuerFragment == forge.key.did.identifier)
        #expect(token.capabilities == [try TokenCapability(resource: "urn:x:a", ability: "a/b")])
        #expect(try forge.code(of: "bearer " + forge.token()) == nil)
        let keyed = forge.changed(header: ["jwk": String(decoding: forge.key.publicKey.jwk.serialized(), as: UTF8.self)]
        )
        #expect(try keyed.code() == nil)
    }

    @Test(arguments: [
        MemberCase("none", "alg", "\"none\"", .algorithmMismatch),  // J.4
        MemberCase("HS256", "alg", "\"HS256\"", .algorithmMismatch),
        MemberCase("other key type", "alg", "\"ES256\"", .algorithmMismatch),
        MemberCase("case", "alg", "\"EDDSA\"", .algorithmMismatch),
        MemberCase("number", "alg", "1", .malformedHeader),
        MemberCase("no alg", "alg", nil, .malformedHeader),
        MemberCase("type", "typ", "\"jwt\"", .malformedHeader),
        MemberCase("no type", "typ", nil, .malformedHeader),
        MemberCase("no version", "ucv", nil, .unsupportedVersion),
        MemberCase("version 0.9", "ucv", "\"0.9.1\"", .unsupportedVersion),
        MemberCase("version 0.10.1", "ucv", "\"0.10.1\"", .unsupportedVersion),
        MemberCase("version 1", "ucv", "1", .unsupportedVersion),
        MemberCase("jwk null", "jwk", "null", .malformedKey),
        MemberCase("jwk empty", "jwk", "{}", .malformedKey),
    ])
    func headersAreStrict(_ wrong: MemberCase) throws {
        #expect(try Forge().changed(header: [wrong.member: wrong.value]).code() == wrong.code)
    }

    @Test func keysBesideTheIssuersAreRefused() throws {
        let forge = try Forge()
        let other = try PrivateKey.generate(.ed25519).publicKey.jwk.serialized()
        #expect(try forge.changed(header: ["jwk": String(decoding: other, as: UTF8.self)]).code() == .keyMismatch)
        let secret = forge.key.jwk.serialized()
        #expect(try forge.changed(header: ["jwk": String(decoding: secret, as: UTF8.self)]).code() == .privateKeyShown)
    }

    @Test(arguments: [
        MemberCase("iss missing", "iss", nil, .malformedPayload),
        MemberCase("iss number", "iss", "1", .malformedPayload),
        MemberCase("iss no DID", "iss", "\"alice\"", .malformedDID),
        MemberCase("iss undecodable", "iss", "\"did:key:z6MkExampleAbcd\"", .malformedDID),
        MemberCase("iss web", "iss", "\"did:web:example.com\"", .unsupportedKey),
        MemberCase(
            "iss fragment", "iss", "\"did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK#x\"", .keyMismatch),
        MemberCase("iss another", "iss", "\"\(Forge.audience)\"", .badSignature),
        MemberCase(
            "iss account", "iss", "\"did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf\"", .unsupportedKey),
        MemberCase("aud missing", "aud", nil, .malformedPayload),
        MemberCase("aud fragment", "aud", "\"\(Forge.audience)#x\"", .malformedDID),
        MemberCase("aud array", "aud", "[\"\(Forge.audience)\"]", .malformedPayload),
        MemberCase("aud URL", "aud", "\"https://example.com\"", .malformedDID),
        MemberCase("aud target", "aud", "\"ucan:\(Forge.proof)\"", .malformedDID),
        MemberCase("exp missing", "exp", nil, .malformedTime),
        MemberCase("exp null", "exp", "null", .malformedTime),
        MemberCase("exp text", "exp", "\"2000000000\"", .malformedTime),
        MemberCase("exp bool", "exp", "true", .malformedTime),
        MemberCase("exp huge", "exp", "1e300", .malformedTime),  // J.17
        MemberCase("exp 2^63", "exp", "9223372036854775808", .malformedTime),
        MemberCase("exp least microsecond", "exp", "-9223372036854.775808", .malformedTime),
        MemberCase("exp below the bound", "exp", "-9007199254.740993", .malformedTime),
        MemberCase("exp milliseconds", "exp", "2000000000000", .malformedTime),
        MemberCase("exp past the bound", "exp", "9007199254.740993", .malformedTime),
        MemberCase("nbf null", "nbf", "null", .malformedTime),
        MemberCase("nbf text", "nbf", "\"1\"", .malformedTime),
        MemberCase("nbf equals exp", "nbf", "2000000000", .emptyWindow),
        MemberCase("nbf after exp", "nbf", "2000000000.000001", .emptyWindow),
        MemberCase("nbf rounds up to exp", "nbf", "1999999999.9999999", .emptyWindow),
        MemberCase("nnc number", "nnc", "1", .malformedPayload),
        MemberCase("nnc null", "nnc", "null", .malformedPayload),
        MemberCase("fct object", "fct", "{}", .malformedPayload),
        MemberCase("fct null", "fct", "null", .malformedPayload),
        MemberCase("prf missing", "prf", nil, .malformedPayload),
        MemberCase("prf text", "prf", "\"\(Forge.proof)\"", .malformedPayload),
        MemberCase("prf of numbers", "prf", "[1]", .malformedCID),
        MemberCase("prf no CID", "prf", "[\"bafy\"]", .malformedCID),
        MemberCase("prf mixed case", "prf", "[\"B\(Forge.proof.dropFirst())\"]", .malformedCID),
        MemberCase("prf version 0", "prf", "[\"QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnbE8P\"]", .malformedCID),
        MemberCase("prf identity hash", "prf", "[\"bafkqabtimvwgy3yk\"]", .malformedCID),  // J.19
        MemberCase("att missing", "att", nil, .malformedCapabilities),
        MemberCase("att null", "att", "null", .malformedCapabilities),
        MemberCase("att array", "att", "[]", .unsupportedVersion),
        MemberCase("cap", "cap", "{}", .unsupportedVersion),
        MemberCase("ucv twice", "ucv", "\"0.10.0\"", .unsupportedVersion),
        MemberCase("abilities array", "att", #"{"urn:x:a":[]}"#, .malformedCapabilities),
        MemberCase("abilities empty", "att", #"{"urn:x:a":{}}"#, .malformedCapabilities),
        MemberCase("caveats empty", "att", #"{"urn:x:a":{"a/b":[]}}"#, .malformedCapabilities),
        MemberCase("caveats object", "att", #"{"urn:x:a":{"a/b":{}}}"#, .malformedCapabilities),
        MemberCase("caveat null", "att", #"{"urn:x:a":{"a/b":[null]}}"#, .malformedCapabilities),
        MemberCase("caveat text", "att", #"{"urn:x:a":{"a/b":["x"]}}"#, .malformedCapabilities),
        MemberCase("resource no URI", "att", #"{"a":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("resource empty", "att", #"{"":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("resource space", "att", #"{"urn:x:a b":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("resource not ASCII", "att", #"{"urn:x:é":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("resource bad escape", "att", #"{"urn:x:%g0":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("resource of no DID", "att", #"{"at://a:b/space":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("resource escape of a DID", "att", #"{"at://did:web:a%/b":{"a/b":[{}]}}"#, .malformedResource),
        MemberCase("ability no slash", "att", #"{"urn:x:a":{"ab":[{}]}}"#, .malformedAbility),  // J.11
        MemberCase("ability two slashes", "att", #"{"urn:x:a":{"a/b/c":[{}]}}"#, .malformedAbility),
        MemberCase("ability empty name", "att", #"{"urn:x:a":{"a/":[{}]}}"#, .malformedAbility),
        MemberCase("ability empty namespace", "att", #"{"urn:x:a":{"/a":[{}]}}"#, .malformedAbility),
        MemberCase("ability homoglyph", "att", #"{"urn:x:a":{"а/b":[{}]}}"#, .malformedAbility),
        MemberCase("ability colon", "att", #"{"urn:x:a":{"a:a/b":[{}]}}"#, .malformedAbility),
        MemberCase("ability star", "att", #"{"urn:x:a":{"*":[{}]}}"#, .malformedAbility),
    ])
    func payloadsAreStrict(_ wrong: MemberCase) throws {
        #expect(try Forge().changed(payload: [wrong.member: wrong.value]).code() == wrong.code)
    }

    @Test(arguments: [
        ("unknown members", "iat", "1"), ("unknown object", "x", #"{"y":[1,2]}"#), ("no grants", "att", "{}"),
        ("fraction", "exp", "2000000000.0"), ("exponent", "exp", "2e9"), ("negative", "exp", "-1.5"),
        ("bound", "exp", "9007199254.740992"), ("facts of any kind", "fct", #"[null,1,"x",[],{}]"#),
        ("start", "nbf", "1999999999.999999"), ("nonce", "nnc", "\"\""),
        ("proof in base58", "prf", "[\"zb38S6CA8TbNezg4peFpxYParvuP1AEu6Kf3vJuJwy3DuWh5b\"]"),
        ("opaque resource", "att", #"{"tinycloud://a/b":{"a.b-c_d+e*/f":[{}]}}"#),
    ])
    func toleratedFormsVerify(name: String, member: String, value: String) throws {
        #expect(try Forge().changed(payload: [member: value]).code() == nil, "\(name)")
    }

    @Test func caveatsAreKeptAsWritten() throws {
        func caveats(_ text: String) throws -> [JSON] {
            let token = try Forge().changed(payload: ["att": #"{"urn:x:a":{"a/b":"# + text + "}}"]).token()
            return try UnverifiedToken.decode(authorization: token.utf8).capabilities[0].caveats
        }
        #expect(try caveats("[{}]").isEmpty)
        #expect(try caveats(#"[{},{"a":1}]"#) == [[:], ["a": 1]], "an alternative without caveat is not dropped")
        #expect(try caveats("[{},{}]") == [[:], [:]])
        #expect(try caveats(#"[{"a":1}]"#) == [["a": 1]])
    }

    @Test func capabilitiesAreOrderedByBytes() throws {
        let att = #"{"urn:x:b":{"a/b":[{}]},"urn:x:a":{"b/a":[{}],"a-/z":[{}],"a/b":[{}]}}"#
        let token = try UnverifiedToken.decode(authorization: Forge().changed(payload: ["att": att]).token().utf8)
        #expect(
            token.capabilities.map { $0.resource + " " + $0.ability } == [
                "urn:x:a a-/z", "urn:x:a a/b", "urn:x:a b/a", "urn:x:b a/b",
            ])
    }

    @Test func proofsAreDistinctAndDuplicatesKnown() throws {
        let twice = "[\"\(Forge.proof)\",\"\(Forge.proof)\"]"
        let token = try UnverifiedToken.decode(authorization: Forge().changed(payload: ["prf": twice]).token().utf8)
        #expect(token.proofs.count == 1 && token.hasDuplicateProofs)
        let cid = try CID(text: Forge.proof.utf8)
        let other = CID(codec: CID.dagCBORCodec, hash: cid.hash)
        let spelled = "[\"\(cid.text)\",\"\(other.base58)\"]"
        let same = try UnverifiedToken.decode(authorization: Forge().changed(payload: ["prf": spelled]).token().utf8)
        #expect(same.proofs == [cid.hash] && same.hasDuplicateProofs, "codec and base do not make another proof")
    }
}
