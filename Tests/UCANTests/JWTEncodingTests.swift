import CapTesting
import Multiformats
import Testing
import UCAN

/// Second encodings of one signed statement are refused, or share its statement id (spec/ucan.md I).
@Suite struct JWTEncodingTests {
    let forge: Forge
    let token: String

    init() throws {
        forge = try Forge()
        token = try forge.token()
    }

    private func segments() -> [String] { token.split(separator: ".").map(String.init) }

    @Test func segmentsAreExactlyThreeAndNotEmpty() {
        let parts = segments()
        for wrong in [
            ".", "..", "...", parts[0] + ".", parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", token + ".",
            token + ".a", "." + token, "." + parts[1] + "." + parts[2], parts[0] + ".." + parts[2],
        ] {
            #expect(forge.code(of: wrong) == .malformedAuthorization, "\(wrong)")
        }
        #expect(forge.code(of: "") == .malformedAuthorization)
        #expect(forge.code(of: "Bearer ") == .malformedAuthorization)
        #expect(forge.code(of: "not a token") == .malformedAuthorization)
    }

    @Test func signatureHasOneEncoding() throws {
        let parts = segments()
        // 64 bytes leave four unused bits in the last character: sixteen spellings, one of them canonical.
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        let last = try #require(alphabet.firstIndex(of: token.last ?? "."))
        for bits in 1..<16 {
            let twin = String(token.dropLast()) + String(alphabet[last ^ bits])
            #expect(forge.code(of: twin) == .malformedEncoding)
        }
        for tail in ["=", "==", " ", "\n", "\r\n"] {
            #expect(forge.code(of: token + tail) == .malformedEncoding, "\(tail.utf8.map { $0 })")
        }
        #expect(forge.code(of: token + "A") == .malformedSignature)
        #expect(forge.code(of: " " + token) == .malformedEncoding)
        #expect(forge.code(of: parts[0] + "=." + parts[1] + "." + parts[2]) == .malformedEncoding)
        #expect(forge.code(of: parts[0] + "." + parts[1] + "=." + parts[2]) == .malformedEncoding)
        let standard = Base64URL.encode([UInt8](repeating: 0xFB, count: 64))
        #expect(standard.contains("-"))
        let wrong = parts[0] + "." + parts[1] + "." + String(standard.map { $0 == "-" ? "+" : $0 })
        #expect(forge.code(of: wrong) == .malformedEncoding)
    }

    @Test func signatureHasOneLength() throws {
        let parts = segments()
        for count in [1, 63, 65, 70, 72] {
            let signature = Base64URL.encode([UInt8](repeating: 1, count: count))
            #expect(forge.code(of: parts[0] + "." + parts[1] + "." + signature) == .malformedSignature, "\(count)")
        }
    }

    @Test func changingAnySignedByteBreaksTheSignature() throws {
        let parts = segments()
        let shifted = Forge.object(forge.payload) + " "
        let other = parts[0] + "." + Base64URL.encode(Array(shifted.utf8)) + "." + parts[2]
        #expect(forge.code(of: other) == .badSignature, "verification never re-serialises")
        let spaced = Base64URL.encode(Array((Forge.object(forge.header) + "\n").utf8))
        #expect(forge.code(of: spaced + "." + parts[1] + "." + parts[2]) == .badSignature)
    }

    @Test func whitespaceInsideSignedJSONIsTheSignersChoice() throws {
        let spaced = try Forge.sign(" " + Forge.object(forge.header), Forge.object(forge.payload) + "\n", forge.key)
        #expect(forge.code(of: spaced) == nil)
    }

    @Test func jsonIsStrict() throws {
        let header = Forge.object(forge.header)
        let payload = Forge.object(forge.payload)
        let wrong: [(String, String, String)] = [
            ("duplicate in header", #"{"alg":"EdDSA","alg":"EdDSA","typ":"JWT","ucv":"0.10.0"}"#, payload),
            ("duplicate escaped", header, payload.dropLast() + #","\u0065xp":1}"#),
            ("duplicate unknown", header, payload.dropLast() + #","x":1,"x":1}"#),
            ("duplicate grant", header, replaced(payload, #"[{}]"#, #"[{"a":1,"a":2}]"#)),
            ("duplicate ability", header, replaced(payload, #"{"a/b""#, #"{"a/b":[{}],"a\/b""#)),
            (
                "duplicate resource", header,
                replaced(payload, #"{"urn:x:a":"#, #"{"urn:x:\u0061":{"a/b":[{}]},"urn:x:a":"#)
            ),
            ("trailing data", header, payload + "{}"),
            ("trailing comma", header, payload.dropLast() + ",}"),
            ("byte order mark", header, "\u{FEFF}" + payload),
            ("array", header, "[" + payload + "]"),
            ("lone surrogate", header, payload.dropLast() + #","x":"\ud800"}"#),
            ("NaN", header, payload.dropLast() + #","x":NaN}"#),
            ("empty", header, ""),
            ("comment", header, "/**/" + payload),
            ("single quotes", header, "{'iss':1}"),
        ]
        for (name, header, payload) in wrong {
            let code = forge.code(of: try Forge.sign(header, payload, forge.key))
            #expect(code == .malformedJSON || code == .malformedPayload || code == .malformedAuthorization, "\(name)")
        }
    }

    private func replaced(_ text: String, _ part: String, _ other: String) -> String {
        guard let range = text.firstRange(of: part) else { return text }
        return text.replacingCharacters(range, other)
    }

    @Test func deepNestingFailsCleanly() throws {
        for (open, close) in [("[", "]"), (#"{"a":"#, "}")] {
            for depth in [65, 1000, 8000] {
                let nested = String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)
                #expect(try forge.changed(payload: ["x": nested]).code() == .malformedJSON, "\(open) \(depth)")
            }
        }
        let fits = String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
        #expect(try forge.changed(payload: ["x": fits]).code() == nil)
    }

    @Test func limitsHoldBeforeAnyCryptography() throws {
        let proofs = (0..<17).map { "\"" + CID.ofToken([UInt8($0)]).text + "\"" }
        #expect(try forge.changed(payload: ["prf": "[" + proofs.joined(separator: ",") + "]"]).code() == .limitExceeded)
        #expect(try forge.changed(payload: ["prf": "[" + proofs.dropLast().joined(separator: ",") + "]"]).code() == nil)
        func grants(_ count: Int) -> String {
            "{" + (0..<count).map { "\"urn:x:\($0)\":{\"a/b\":[{}]}" }.joined(separator: ",") + "}"
        }
        #expect(try forge.changed(payload: ["att": grants(1025)]).code() == .limitExceeded)
        #expect(try forge.changed(payload: ["att": grants(1024)]).code() == nil)
        func caveats(_ count: Int) -> String {
            #"{"urn:x:a":{"a/b":["# + (0..<count).map { "{\"a\":\($0)}" }.joined(separator: ",") + "]}}"
        }
        #expect(try forge.changed(payload: ["att": caveats(65)]).code() == .limitExceeded)
        #expect(try forge.changed(payload: ["att": caveats(64)]).code() == nil)
        #expect(
            try forge.changed(payload: ["x": "\"" + String(repeating: "a", count: 65_000) + "\""]).code()
                == .limitExceeded)
        let resource = "urn:x:" + String(repeating: "a", count: TokenCapability.maximumResourceLength)
        #expect(try forge.changed(payload: ["att": "{\"\(resource)\":{\"a/b\":[{}]}}"]).code() == .malformedResource)
        let space = "at://did:web:a.localhost%3A80/space/com.example.forum/main"
        #expect(try forge.changed(payload: ["att": "{\"\(space)\":{\"a/b\":[{}]}}"]).code() == nil)
        let tight = TokenLimits(bytes: 100)
        #expect(try forge.code(limits: tight) == .limitExceeded)
        #expect(forge.code(of: String(repeating: "a", count: 1 << 20)) == .limitExceeded)
    }

    /// WebCrypto makes high-S P-256 signatures half of the time; both forms are one statement.
    @Test func highSTwinOfP256HasTheSameStatement() throws {
        let forge = try Forge(.p256)
        let token = try forge.token()
        let parts = token.split(separator: ".").map(String.init)
        var signature = try #require(Base64URL.decode(parts[2].utf8))
        let order = try hexBytes("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        var borrow = 0
        for index in stride(from: 31, through: 0, by: -1) {
            let difference = Int(order[index]) - Int(signature[32 + index]) - borrow
            borrow = difference < 0 ? 1 : 0
            signature[32 + index] = UInt8(truncatingIfNeeded: difference)
        }
        let twin = try UnverifiedToken.decode(
            authorization: (parts[0] + "." + parts[1] + "." + Base64URL.encode(signature)).utf8
        ).verify()
        let first = try UnverifiedToken.decode(authorization: token.utf8).verify()
        #expect(twin.id != first.id && twin.statementID == first.statementID)
    }

    @Test func accountsSignWithTheKeyTheyCarry() throws {
        let wallet = try EthereumKey(scalar: [UInt8](repeating: 0, count: 31) + [1])
        let grant = try TokenCapability(resource: "urn:x:a", ability: "a/b")
        let made = try TokenMaker.ucan(
            issuer: wallet.privateKey,
            audience: DID(Forge.audience),
            capabilities: [grant],
            expires: Timestamp(seconds: 2_000_000_000),
            issuerDID: wallet.did(chain: 10)
        )
        #expect(try made.verify().issuer.text == "did:pkh:eip155:10:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf")
        #expect(throws: UCANError(.keyMismatch, "")) {
            try TokenMaker.ucan(
                issuer: PrivateKey.generate(.secp256k1),
                audience: DID(Forge.audience),
                capabilities: [grant],
                expires: Timestamp(seconds: 2_000_000_000),
                issuerDID: wallet.did()
            )
        }
        #expect(throws: UCANError(.unsupportedKey, "")) {
            try TokenMaker.ucan(
                issuer: PrivateKey.generate(.ed25519),
                audience: DID(Forge.audience),
                capabilities: [grant],
                expires: Timestamp(seconds: 2_000_000_000),
                issuerDID: wallet.did()
            )
        }
    }

    @Test func windowsAreHalfOpen() throws {
        let token = try UnverifiedToken.decode(
            authorization: forge.changed(payload: ["nbf": "100.25", "exp": "200.5"]).token().utf8
        )
        for (micros, isIn): (Int64, Bool) in [
            (100_249_999, false), (100_250_000, true), (200_499_999, true), (200_500_000, false),
        ] {
            #expect(token.isInWindow(at: Timestamp(microseconds: micros)) == isIn, "\(micros)")
        }
        let fine = try UnverifiedToken.decode(
            authorization: forge.changed(payload: ["nbf": "1.0000001", "exp": "2.9999999"]).token().utf8
        )
        #expect(fine.notBefore?.microseconds == 1_000_001 && fine.expires?.microseconds == 2_999_999)
    }
}

extension String {
    fileprivate func replacingCharacters(_ range: Range<String.Index>, _ other: String) -> String {
        self[..<range.lowerBound] + other + self[range.upperBound...]
    }
}
