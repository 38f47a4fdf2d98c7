import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct GrantOutputTests {
    let accept: JSON
    let reject: JSON

    init() throws {
        accept = try Fixture.json("vectors/tinycloud/grant-output/accept.json")
        reject = try Fixture.json("vectors/tinycloud/grant-output/node-import-reject.json")
    }

    @Test func rootReproducesByteForByteFromKeyOne() throws {
        let vector = try #require(accept["parentFormatVector"])
        let wallet = try EthereumKey(scalar: [UInt8](repeating: 0, count: 31) + [1])
        let recap = try ReCap(resource: vector.text("recapResource"))
        #expect(recap.resource == (try vector.text("recapResource")))
        let made = try TokenMaker.cacao(
            wallet: wallet,
            audience: vector.text("audience"),
            capabilities: recap.capabilities,
            domain: vector.text("cacao", "p", "domain"),
            issuedAt: vector.text("issuedAt"),
            expires: vector.text("expiresAt"),
            nonce: vector.text("cacao", "p", "nonce")
        )
        #expect(Base16.encode(made.bytes) == (try vector.text("dagCborHex")))
        #expect(Base64URL.encode(made.bytes) == (try vector.text("dagCborBase64Url")))
        #expect(made.cid.text == (try vector.text("expectedCid")))
        #expect(Base16.encode(made.cid.bytes) == (try vector.text("expectedCidBytesHex")))
        let token = try made.verify()
        #expect(token.issuer.text == (try vector.text("issuer")))
        #expect(token.audience.principal?.text == (try vector.text("delegateeLookupValue")))
        #expect(token.expires == (try Timestamp.parse(vector.text("expiresAt"))))
        #expect(token.capabilities.map(\.ability) == ["tinycloud.kv/get", "tinycloud.sql/read"])
    }

    @Test func acceptedUCANsVerifyAndReproduce() throws {
        let session = try PrivateKey(curve: .ed25519, seed: [UInt8](repeating: 0x22, count: 32))
        let now = Timestamp(seconds: try #require(accept["fixedInstantEpochSeconds"]?.number?.int64))
        var seen = 0
        for vector in try accept.items("cases") {
            guard let ucan = vector["ucan"] else { continue }
            seen += 1
            let token = try UnverifiedToken.decode(authorization: ucan.text("encoded").utf8).verify()
            #expect(token.cid.text == (try ucan.text("delegationId")))
            #expect(Base16.encode(token.cid.bytes) == (try ucan.text("delegationIdBytesHex")))
            #expect(token.issuer.text == (try ucan.text("signerDid")))
            #expect(token.statementID == SHA256.hash(Array(try ucan.text("signingInputAscii").utf8)))
            #expect(token.isInWindow(at: now))
            #expect(token.isTerminal && !token.isPolicySession)
            let made = try remake(#require(ucan["payload"]), issuer: session)
            #expect(made.authorization() == (try ucan.text("encoded")))
        }
        #expect(seen >= 1)
    }

    @Test func ofTheRejectedOnesOnlyTheForgedSignatureFails() throws {
        for vector in try reject.items("cases") {
            let name = try vector.text("case")
            let code = refusal {
                let token = try UnverifiedToken.decode(authorization: vector.text("ucan", "encoded").utf8).verify()
                #expect(token.cid.text == (try vector.text("ucan", "delegationId")))
                if name == "invalid-time" {
                    let at = try #require(vector["validationTimeEpochSeconds"]?.number?.int64)
                    #expect(!token.isInWindow(at: Timestamp(seconds: at)))
                }
            }
            #expect(code == (name == "invalid-signature" ? .badSignature : nil), "\(name)")
        }
    }

    @Test func policyTokensVerifyAndHaveTheirCIDs() throws {
        let vectors = try Fixture.json("vectors/tinycloud/policy/tc-405-compact-authorization.json")
        for name in ["policyRoot", "enforcementRoot", "s0", "s1", "s2"] {
            let token = try UnverifiedToken.decode(authorization: vectors.text(name, "authorization").utf8).verify()
            #expect(token.cid.text == (try vectors.text(name, "cid")), "\(name)")
            #expect(token.isPolicySession == name.hasPrefix("s"), "\(name)")
            #expect(token.isPolicyRoot == name.hasSuffix("Root"), "\(name)")
            #expect(!token.isTerminal)
        }
        let session = try UnverifiedToken.decode(authorization: vectors.text("s0", "authorization").utf8)
        let roots = try ["policyRoot", "enforcementRoot"].map { try CID(text: vectors.text($0, "cid").utf8).hash }
        #expect(session.proofs == roots, "the order of proofs is kept")
    }
}
