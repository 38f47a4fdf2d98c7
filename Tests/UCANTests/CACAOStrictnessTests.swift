import CapTesting
import Multiformats
import Testing
import UCAN

/// Signs a message and lets a test change what stands around it.
private struct Block {
    static let wallet = try? EthereumKey(scalar: [UInt8](repeating: 0, count: 31) + [1])
    static let session = "did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK"

    var header: [String: CBOR] = ["t": .text("eip4361")]
    var payload: [String: CBOR]
    var proof: [String: CBOR]

    /// Signs `text` when given, or else the text the payload stands for.
    init(audience: String = session, resources: [String] = [], statement: String? = nil) throws {
        let wallet = try #require(Block.wallet)
        let message = try SIWE(
            domain: "example.com", address: wallet.address, statement: statement, uri: audience, nonce: "abcdefgh1",
            issuedAt: "2026-07-10T11:00:00Z", expirationTime: "2027-07-10T11:00:00Z",
            resources: resources.isEmpty ? nil : resources
        )
        payload = [
            "domain": .text("example.com"), "iss": .text(wallet.did().text), "aud": .text(audience),
            "version": .unsigned(1), "nonce": .text("abcdefgh1"), "iat": .text("2026-07-10T11:00:00Z"),
            "exp": .text("2027-07-10T11:00:00Z"),
        ]
        if let statement { payload["statement"] = .text(statement) }
        if !resources.isEmpty { payload["resources"] = .array(resources.map { .text($0) }) }
        proof = ["t": .text("eip191"), "s": .bytes(try wallet.signEIP191(Array(message.text.utf8)))]
    }

    private func map(_ members: [String: CBOR]) throws -> CBOR {
        .map(try #require(CBORMap(members.map { (key: $0.key, value: $0.value) })))
    }

    func bytes() throws -> [UInt8] {
        try map(["h": map(header), "p": map(payload), "s": map(proof)]).encoded()
    }

    func code() throws -> UCANError.Code? { code(of: try bytes()) }

    func code(of bytes: [UInt8]) -> UCANError.Code? {
        refusal { _ = try UnverifiedToken.decode(bytes: bytes, kind: .cacao).verify() }
    }
}

@Suite struct CACAOStrictnessTests {
    static let recap = #"{"att":{"urn:x:a":{"a/b":[{}]}},"prf":[]}"#

    private func resource(_ json: String) -> String { "urn:recap:" + Base64URL.encode(Array(json.utf8)) }

    private func statement(_ json: String) throws -> String { try ReCap(resource: resource(json)).statement }

    @Test func theBaseVerifies() throws {
        #expect(try Block().code() == nil)
        let json = CACAOStrictnessTests.recap
        let granting = try Block(resources: [resource(json)], statement: statement(json))
        #expect(try granting.code() == nil)
        let token = try UnverifiedToken.decode(bytes: granting.bytes(), kind: .cacao)
        #expect(token.capabilities == [try TokenCapability(resource: "urn:x:a", ability: "a/b")])
        #expect(token.issuedAt == (try Timestamp.parse("2026-07-10T11:00:00Z")) && token.nonce == "abcdefgh1")
    }

    @Test func payloadMembersAreStrict() throws {
        let cases: [(String, String, CBOR?, UCANError.Code)] = [
            ("domain missing", "domain", nil, .malformedCACAO),
            ("domain bytes", "domain", .bytes([1]), .malformedCACAO),
            ("domain with space", "domain", .text("a b"), .malformedMessage),
            ("domain empty", "domain", .text(""), .malformedMessage),
            ("domain with path", "domain", .text("a/b"), .malformedMessage),
            ("version text", "version", .text("1"), .malformedCACAO),
            ("version 2", "version", .unsigned(2), .malformedCACAO),
            ("version missing", "version", nil, .malformedCACAO),
            ("nonce short", "nonce", .text("abcdefg"), .malformedMessage),
            ("nonce with dash", "nonce", .text("abcdefgh-1"), .malformedMessage),
            ("nonce folds", "nonce", .text("abcdefgh\nIssued At: 2026-07-10T11:00:00Z"), .malformedMessage),
            ("iat no time", "iat", .text("today"), .malformedTime),
            // J.7: the signed text of an expiring message, with the expiry folded into the issue time.
            ("iat folds", "iat", .text("2026-07-10T11:00:00Z\nExpiration Time: 2027-07-10T11:00:00Z"), .malformedTime),
            ("exp null", "exp", .null, .malformedCACAO),
            ("exp number", "exp", .unsigned(1), .malformedCACAO),
            ("nbf null", "nbf", .null, .malformedCACAO),
            ("nbf after exp", "nbf", .text("2028-07-10T11:00:00Z"), .emptyWindow),
            ("statement folds", "statement", .text("a\nb"), .malformedMessage),
            ("statement not ASCII", "statement", .text("é"), .malformedMessage),
            ("statement added", "statement", .text("a"), .badSignature),
            ("request id folds", "request_id", .text("a\nResources:"), .malformedMessage),
            ("request id with slash", "request_id", .text("a/b"), .malformedMessage),
            ("camel-case request id", "requestId", .text("a"), .malformedCACAO),
            ("resources empty", "resources", .array([]), .malformedCACAO),
            ("resources text", "resources", .text("urn:x:a"), .malformedCACAO),
            ("resources of numbers", "resources", .array([.unsigned(1)]), .malformedCACAO),
            ("resource no URI", "resources", .array([.text("a")]), .malformedMessage),
            ("resource folds", "resources", .array([.text("urn:x:a\n- urn:x:b")]), .malformedMessage),
            ("scheme", "scheme", .text("a b"), .malformedMessage),
            ("aud no URI", "aud", .text("alice"), .malformedMessage),
            ("aud no DID", "aud", .text("https://example.com"), .malformedDID),
            ("aud no CID", "aud", .text("ucan:bafy"), .malformedCID),
            ("unknown member", "x", .unsigned(1), .malformedCACAO),
            (
                "iss lower case", "iss", .text("did:pkh:eip155:1:0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"),
                .malformedCACAO
            ),
            (
                "iss leading zero", "iss", .text("did:pkh:eip155:01:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
                .malformedCACAO
            ),
            ("iss key", "iss", .text(Block.session), .malformedCACAO),
            (
                "iss fragment", "iss", .text("did:pkh:eip155:1:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf#a"),
                .malformedDID
            ),
            (
                "iss other chain", "iss", .text("did:pkh:eip155:137:0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"),
                .badSignature
            ),
            (
                "iss other account", "iss", .text("did:pkh:eip155:1:0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
                .badSignature
            ),
        ]
        for (name, member, value, code) in cases {
            var block = try Block()
            block.payload[member] = value
            #expect(try block.code() == code, "\(name)")
        }
    }

    @Test func headerAndSignatureAreStrict() throws {
        var block = try Block()
        for type in ["caip122", "EIP4361", ""] {
            block.header["t"] = .text(type)
            #expect(try block.code() == .malformedCACAO, "\(type)")
        }
        block = try Block()
        block.header["x"] = .null
        #expect(try block.code() == .malformedCACAO)
        for type in ["eip1271", "solana:ed25519", "eip712"] {
            block = try Block()
            block.proof["t"] = .text(type)
            #expect(try block.code() == .malformedCACAO, "\(type)")
        }
        block = try Block()
        block.proof["m"] = .map([:])
        #expect(try block.code() == .malformedCACAO)
        block = try Block()
        let signature = try #require(block.proof["s"]?.bytes)
        block.proof["s"] = .text("0x00")
        #expect(try block.code() == .malformedCACAO)
        for wrong in [signature.dropLast(), signature + [0], []] {
            block.proof["s"] = .bytes(Array(wrong))
            #expect(try block.code() == .malformedCACAO)
        }
    }

    /// Of the recovery bytes the reference takes modulo 27, only 27 and 28, and 0 and 1, are taken here.
    @Test func recoveryBytesHaveTwoSpellings() throws {
        var block = try Block()
        let signature = try #require(block.proof["s"]?.bytes)
        let first = try UnverifiedToken.decode(bytes: block.bytes(), kind: .cacao)
        for v in UInt8.min...UInt8.max {
            block.proof["s"] = .bytes(signature.dropLast() + [v])
            let code = try block.code()
            switch v {
            case signature[64], signature[64] - 27:
                #expect(code == nil)
                #expect(try UnverifiedToken.decode(bytes: block.bytes(), kind: .cacao).statementID == first.statementID)
            case 0, 1, 27, 28: #expect(code == .badSignature)
            default: #expect(code == .malformedSignature, "\(v)")
            }
        }
    }

    @Test func otherEncodingsOfTheSameBlockAreRefused() throws {
        let block = try Block()
        let bytes = try block.bytes()
        #expect(bytes.starts(with: [0xA3, 0x61, 0x68, 0xA1, 0x61, 0x74, 0x67]))
        let cases: [(String, [UInt8])] = [
            ("trailing byte", bytes + [0]),
            ("truncated", bytes.dropLast()),
            ("long map head", [0xB8, 0x03] + bytes.dropFirst()),
            ("indefinite map", [0xBF] + bytes.dropFirst() + [0xFF]),
            ("long key head", [0xA3, 0x78, 0x01] + bytes.dropFirst(2)),
            ("empty", []),
        ]
        for (name, wrong) in cases {
            #expect(block.code(of: wrong) == .malformedCBOR, "\(name)")
        }
        // The same three members with `s` first.
        #expect(block.code(of: try reordered(bytes)) == .malformedCBOR)
        #expect(block.code(of: [UInt8](repeating: 0x81, count: 20_000)) == .malformedCBOR)
        let text = Base64URL.encode(bytes, padded: true)
        for wrong in [text + "=", text + "\n", " " + text, String(text.dropLast(1)) + "!"] {
            let code = refusal { _ = try UnverifiedToken.decode(authorization: wrong.utf8) }
            #expect(code == .malformedEncoding || code == .malformedAuthorization, "\(wrong.suffix(4))")
        }
    }

    private func reordered(_ bytes: [UInt8]) throws -> [UInt8] {
        let map = try #require(try CBOR.decode(bytes).map)
        var out: [UInt8] = [0xA3]
        for entry in map.entries.reversed() { out += CBOR.text(entry.key).encoded() + entry.value.encoded() }
        return out
    }

    @Test func recapsAreStrict() throws {
        let sound = CACAOStrictnessTests.recap
        let statement = try statement(sound)
        let wrong: [(String, [String], UCANError.Code)] = [
            ("not last", [resource(sound), "urn:x:a"], .malformedReCap),  // J.9
            ("two", [resource(sound), resource(sound)], .malformedReCap),
            (
                "upper-case prefix before the last", [resource(sound).replacingPrefix("URN:ReCap:"), "urn:x:a"],
                .malformedReCap
            ),
            ("upper-case prefix", [resource(sound).replacingPrefix("URN:RECAP:")], .malformedReCap),
            ("padded", [resource(sound) + "="], .malformedReCap),
            ("no base64url", ["urn:recap:a+b"], .malformedReCap),
            ("empty", ["urn:recap:"], .malformedReCap),
            ("no object", [resource("[]")], .malformedReCap),
            ("no att", [resource(#"{"prf":[]}"#)], .malformedCapabilities),
            ("unknown member", [resource(#"{"att":{},"prf":[],"x":1}"#)], .malformedReCap),
            (
                "duplicate ability", [resource(#"{"att":{"urn:x:a":{"a/b":[{}],"a\u002fb":[{}]}},"prf":[]}"#)],
                .malformedReCap
            ),  // J.8
            ("caveat", [resource(#"{"att":{"urn:x:a":{"a/b":[{"a":1}]}},"prf":[]}"#)], .malformedReCap),
            ("null caveat", [resource(#"{"att":{"urn:x:a":{"a/b":[{"a":null}]}},"prf":[]}"#)], .malformedReCap),
            ("two empty caveats", [resource(#"{"att":{"urn:x:a":{"a/b":[{},{}]}},"prf":[]}"#)], .malformedReCap),
            ("no caveat list", [resource(#"{"att":{"urn:x:a":{"a/b":[]}},"prf":[]}"#)], .malformedCapabilities),
            ("base32 proof", [resource("{\"att\":{},\"prf\":[\"\(Forge.proof)\"]}")], .malformedCID),
            ("null proofs", [resource(#"{"att":{},"prf":null}"#)], .malformedReCap),
            (
                "hidden ability", [resource(#"{"att":{"urn:x:a":{"a/b":[{}],"a/c":[{}]}},"prf":[]}"#)],
                .statementMismatch
            ),  // J.8
            ("other resource", [resource(#"{"att":{"urn:x:b":{"a/b":[{}]}},"prf":[]}"#)], .statementMismatch),
        ]
        for (name, resources, code) in wrong {
            #expect(
                refusal {
                    let block = try Block(resources: resources, statement: statement)
                    _ = try UnverifiedToken.decode(bytes: block.bytes(), kind: .cacao).verify()
                } == code,
                "\(name)"
            )
        }
        for words in [nil, "", "I agree.", statement + " More.", "x" + statement] {
            let block = try Block(resources: [resource(sound)], statement: words)
            #expect(try block.code() == .statementMismatch, "\(words ?? "none")")
        }
        #expect(try Block(resources: [resource(sound)], statement: "I agree. " + statement).code() == nil)
        let empty = #"{"att":{}}"#
        #expect(try Block(resources: [resource(empty)], statement: self.statement(empty)).code() == nil)
        #expect(try Block(resources: ["urn:x:a"]).code() == nil, "a message may name resources without granting any")
    }

    @Test func namespacesAreOrderedByTheirOwnBytes() throws {
        let grants = try ["a+b/x", "a/z", "a/y", "a-b/x", "a.b/x", "a*/x"].map {
            try TokenCapability(resource: "urn:x:a", ability: $0)
        }
        let text = try ReCap(capabilities: grants).statement
        #expect(
            text.hasSuffix(
                " (1) 'a': 'y', 'z' for 'urn:x:a'. (2) 'a*': 'x' for 'urn:x:a'. (3) 'a+b': 'x' for 'urn:x:a'."
                    + " (4) 'a-b': 'x' for 'urn:x:a'. (5) 'a.b': 'x' for 'urn:x:a'."
            )
        )
        let caveated = try TokenCapability(resource: "urn:x:a", ability: "a/b", caveats: [["a": 1]])
        #expect(throws: UCANError(.malformedReCap, "")) { try ReCap(capabilities: [caveated]) }
        #expect(throws: UCANError(.malformedCapabilities, "")) { try ReCap(capabilities: [grants[0], grants[0]]) }
    }
}

extension String {
    fileprivate func replacingPrefix(_ prefix: String) -> String { prefix + dropFirst(prefix.count) }
}
