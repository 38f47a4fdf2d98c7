import CapTesting
import Multiformats
import Testing
import UCAN

/// Other versions are told from the form alone and refused as unsupported (spec/ucan.md A).
@Suite struct VersionTests {
    private func code(_ authorization: some Collection<UInt8>) -> UCANError.Code? {
        refusal { _ = try UnverifiedToken.decode(authorization: authorization).verify() }
    }

    @Test(arguments: [
        "ucan-spec/0.7.0/fixtures", "ucan-spec/0.8.1/valid", "ucan-spec/0.8.1/invalid", "ssi-ucan-0.9/valid",
        "ssi-ucan-0.9/invalid",
    ])
    func earlierVersionsAreUnsupported(file: String) throws {
        let vectors = try #require(Fixture.json("vectors/ucan/\(file).json").array)
        var unsupported = 0
        for vector in vectors {
            let code = code(try vector.text("token").utf8)
            #expect(code != nil)
            if code == .unsupportedVersion { unsupported += 1 } else { #expect(file.hasSuffix("invalid"), "\(vector)") }
        }
        // Only tokens whose header cannot be read at all are refused for another reason.
        #expect(unsupported >= vectors.count / 2)
    }

    @Test(arguments: ["verify", "refute"])
    func standardFormIsUnsupported(file: String) throws {
        for vector in try #require(Fixture.json("vectors/ucan/ucan-conformance-0.10.0/\(file).json").array) {
            let token = try vector.text("inputs", "token")
            #expect(code(token.utf8) == .unsupportedVersion, "\(vector["name"]?.string ?? "")")
        }
    }

    @Test func identifiersOfTokensFollowTheBLAKE3Case() throws {
        for vector in try #require(Fixture.json("vectors/ucan/ucan-conformance-0.10.0/cid.json").array) {
            let token = Array(try vector.text("inputs", "token").utf8)
            let expected = try vector.text("outputs", "cid")
            if try vector.text("inputs", "hasher") == "BLAKE3-256" {
                #expect(CID.ofToken(token).text == expected)
            } else {
                let hash = Multihash(code: .sha2_256, digest: SHA256.hash(token))
                #expect(CID(codec: CID.rawCodec, hash: hash).text == expected)
            }
        }
    }

    @Test func envelopesAreUnsupported() throws {
        let vectors = try Fixture.json("vectors/ucan/ucan-spec/1.0.0/delegation.json")
        for vector in try vectors.items("valid") {
            let text = try vector.text("token")
            #expect(code(text.utf8) == .unsupportedVersion)
            let bytes = try base64(text)
            for kind in TokenKind.allCases {
                #expect(refusal { _ = try UnverifiedToken.decode(bytes: bytes, kind: kind) } == .unsupportedVersion)
            }
        }
        let invocations = try Fixture.json("vectors/ucan/ucan-spec/1.0.0/invocation.json")
        for vector in try invocations.items("valid") + invocations.items("invalid") {
            let text = try #require(vector["invocation"]?["/"]).text("bytes")
            #expect(code(text.utf8) == .unsupportedVersion, "\(vector["name"]?.string ?? "")")
        }
    }

    @Test(arguments: [
        "TokenAliceBob", "TokenBobCarol", "TokenCarolDan", "TokenCarolDan_InvalidExpandedCommand",
        "TokenCarolDan_InvalidExpired", "TokenCarolDan_ValidExamplePolicy", "TokenDanErin", "TokenErinFrank",
    ])
    func envelopeFilesAreUnsupported(name: String) throws {
        let bytes = Fixture.bytes("vectors/ucan/go-ucan/delegationtest/\(name).dagcbor")
        #expect(code(bytes) == .unsupportedVersion)
        #expect(code(Base64URL.encode(bytes).utf8) == .unsupportedVersion)
        #expect(code(Base64URL.encode(bytes, padded: true).utf8) == .unsupportedVersion)
    }

    @Test(arguments: [
        "Bytes", "BytesGzipped", "Base64URL", "Base64URLGzipped", "Base64StdPadding", "Base64StdPaddingGzipped",
    ])
    func containersAreUnsupported(name: String) throws {
        let bytes = Fixture.bytes("vectors/ucan/ucan-container/\(name)")
        #expect(code(bytes) == .unsupportedVersion)
        #expect(refusal { _ = try UnverifiedToken.decode(bytes: bytes, kind: .cacao) } == .unsupportedVersion)
    }
}
