import CapTesting
import Multiformats
import Testing

@testable import UCAN

/// What may stand in a JWK beside the key, read from one table by each reader of this module.
@Suite struct JWKMemberTests {
    private static let path = "vectors/jwk/tokens.json"

    /// Gives a key, or the code it is refused with.
    private func reading(_ text: String, _ read: (JSON) throws -> Void) -> UCANError.Code? {
        refusal {
            guard let json = try? JSON.parse(Array(text.utf8)) else { throw UCANError(.malformedJSON, "") }
            try read(json)
        }
    }

    @Test func publicKeysAreReadWithWhateverStandsBesideThem() throws {
        let cases = try JWKCase.all()
        #expect(cases.count > 300)
        for one in cases {
            let code = reading(one.publicText) { json in
                let key = try PublicKey(jwk: json)
                #expect(key == one.key.publicKey, "\(one)")
                #expect(key.jwk == one.key.publicKey.jwk, "\(one)")
            }
            #expect(code == one.code, "\(one)")
        }
    }

    @Test func privateKeysAreReadByTheSameTable() throws {
        for one in try JWKCase.all() {
            guard let text = one.privateText else { continue }
            let code = reading(text) { json in
                let key = try PrivateKey(jwk: json)
                #expect(key.seed == one.key.seed, "\(one)")
            }
            #expect((code == nil) == one.isPrivateTaken, "\(one): \(String(describing: code))")
        }
    }

    /// The message is what a person looks for the cause in, so it names the member, and no secret.
    @Test func refusalsNameTheMember() throws {
        let secret = try JWKCase.key(.p256).jwk
        let hidden = try secret.text("d")
        for (name, value) in [("d", secret["d"]), ("p", "AAAA"), ("use", "enc"), ("key_ops", ["encrypt"]), ("kid", 1)] {
            var object = try #require(secret.object)
            object["d"] = nil
            object[name] = value
            do throws(UCANError) {
                _ = try PublicKey(jwk: .object(object))
                Issue.record("`\(name)` passes")
            } catch {
                #expect(error.message.contains("`\(name)`") && !error.message.contains(hidden), "\(error.message)")
            }
        }
    }

    @Test func tokensAreTakenOrRefusedByTheKeyInTheirHeader() throws {
        for one in try JWKCase.all() {
            let text = try JWKToken.delegation(of: one)
            var token: Token?
            let code = refusal { token = try UnverifiedToken.decode(authorization: text.utf8).verify() }
            #expect(code == one.code, "\(one)")
            if code == nil { #expect(token?.issuer == one.key.did, "\(one)") }
        }
    }

    /// Another's key is another's, whatever stands beside it.
    @Test func keysOfOthersAreRefusedWithMembersToo() throws {
        for one in try JWKCase.all() where one.code == nil {
            let other = try PrivateKey.generate(one.key.curve)
            let text = try JWKToken.signed(
                JWKToken.header(one.publicText, one.key),
                JWKToken.delegationPayload(one).replacing(one.key.did.identifier, with: other.did.identifier), by: other
            )
            #expect(refusal { _ = try UnverifiedToken.decode(authorization: text.utf8) } == .keyMismatch, "\(one)")
        }
    }

    @Test func ed25519IsTheSameAlgorithmUnderBothNames() throws {
        for curve in Curve.allCases {
            let one = try #require(JWKCase.all(curve).first)
            for name in ["EdDSA", "Ed25519", "ES256", "ES256K", "none", "ED25519", "Ed448"] {
                let header = #"{"alg":"\#(name)","jwk":\#(one.publicText),"typ":"JWT","ucv":"0.10.0"}"#
                let text = try JWKToken.signed(header, JWKToken.delegationPayload(one), by: one.key)
                let code = refusal { _ = try UnverifiedToken.decode(authorization: text.utf8).verify() }
                let isOwn = name == curve.algorithm || curve == .ed25519 && name == "Ed25519"
                #expect(code == (isOwn ? nil : .algorithmMismatch), "\(curve) \(name)")
            }
        }
    }

    @Test func headersMayHaveWhatChangesNothing() throws {
        let file = try Fixture.json("vectors/jwk/members.json")
        for curve in Curve.allCases {
            let one = try #require(JWKCase.all(curve).first)
            for row in try file.items("headers") {
                let header = try JWKToken.header(one.publicText, one.key).dropLast() + "," + row.text("members") + "}"
                let text = try JWKToken.signed(header, JWKToken.delegationPayload(one), by: one.key)
                let code = refusal { _ = try UnverifiedToken.decode(authorization: text.utf8).verify() }
                #expect(code?.rawValue == row["ucan"]?.string, "\(curve) \(row["name"]?.string ?? "")")
            }
        }
    }

    @Test func theProtocolPageNamesEveryMember() throws {
        let lines = Fixture.text("../docs/protocol/README.md").split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0 == "<!-- key members -->" })
        let rows = lines[start...].prefix { $0 != "<!-- /key members -->" }.filter { $0.hasPrefix("| `") }
        let named = rows.flatMap { row in
            row.split(separator: "|")[0].split(separator: "`").filter { !" , ".contains($0) }.map(String.init)
        }
        #expect(named.sorted() == JWKMember.rules.map(\.name).sorted())
    }

    // MARK: the recorded tokens

    /// The tokens of the file, which other programs read, are those of the table.
    @Test func recordedTokensAreThoseOfTheTable() throws {
        let recorded = try #require(Fixture.json(Self.path)["tokens"]?.array)
        let cases = try JWKCase.all()
        #expect(recorded.count == cases.count)
        for (token, one) in zip(recorded, cases) {
            let (text, made) = (try token.text("token"), try JWKToken.delegation(of: one))
            #expect(try token.text("name") == one.description && token["code"]?.string == one.code?.rawValue)
            // A P-256 signature is another one each time.
            if one.key.curve == .p256 {
                let end = try #require(text.utf8.lastIndex(of: UInt8(ascii: ".")))
                let signature = try #require(Base64URL.decode(text.utf8[end...].dropFirst()))
                #expect(made.utf8.starts(with: text.utf8[...end]), "\(one)")
                #expect(one.key.publicKey.verify(signature: signature, message: Array(text.utf8[..<end])), "\(one)")
            } else {
                #expect(text == made, "\(one)")
            }
        }
    }

    /// Writes the tokens of the table: `CAPTEST_WRITE_JWK_TOKENS=1 swift test --filter writesTheTokensWhenAsked`.
    @Test func writesTheTokensWhenAsked() throws {
        guard Environment.value("CAPTEST_WRITE_JWK_TOKENS") != nil else { return }
        let lines = try JWKCase.all().map { one in
            let code: JSON = one.code.map { .string($0.rawValue) } ?? .null
            let token: JSON = [
                "name": .string(one.description), "code": code, "token": .string(try JWKToken.delegation(of: one)),
            ]
            return String(decoding: token.serialized(), as: UTF8.self)
        }
        Fixture.write("{\"tokens\":[\n" + lines.joined(separator: ",\n") + "\n]}\n", to: Self.path)
    }
}
