import CapTesting
import Multiformats
import Testing
import UCAN

@testable import capq

/// The table of JWK members, as whoever uses `capq` meets it.
@Suite struct KeyMemberTests {
    private let scratch = Scratch()

    @Test func keysAreImportedWithWhateverTheirToolsWroteBesideThem() throws {
        for (number, one) in try JWKCase.all().enumerated() {
            guard let text = one.privateText else { continue }
            let outcome = scratch.run("key", "import", "key\(number)", scratch.write(text, "key\(number).json"))
            #expect((outcome.exit == .ok) == one.isPrivateTaken, "\(one): \(outcome.output)")
            guard one.isPrivateTaken else { continue }
            #expect(try JSON.parse(Array(outcome.output.utf8))["did"]?.string == one.key.did.text, "\(one)")
        }
    }

    /// The command line of TinyCloud keeps its key as its library writes it, on lines of their own.
    @Test func theKeyOfTinyCloudsCommandLineIsImported() throws {
        let jwk = try JWKCase.key(.ed25519).jwk
        let lines = ["crv", "x", "d"].map { "  \"\($0)\": \"\(jwk[$0]?.string ?? "")\"" }.joined(separator: ",\n")
        let file = scratch.write("{\n  \"kid\": \"cli\",\n  \"kty\": \"OKP\",\n\(lines)\n}\n", "key.json")
        let imported = scratch.run("key", "import", "tc", file)
        #expect(imported.exit == .ok, "\(String(describing: imported.failure))")
        let shown = try JSON.parse(Array(scratch.run("key", "show", "tc").output.utf8))
        #expect(try shown["did"]?.string == JWKCase.key(.ed25519).did.text)
    }

    @Test func refusedKeysAreToldWhy() throws {
        func told(_ text: String) -> String? {
            scratch.run("key", "import", "x", scratch.write(text, "key.json")).failure?.message
        }
        let cases = try JWKCase.all(.ed25519)
        for (name, word) in [
            ("a use for encryption", "`use`"), ("the private member p", "`p`"), ("a type RSA", "`kty`"),
            ("operations of encryption", "`key_ops`"), ("a repeated key id", "strict JSON"),
        ] {
            let text = try #require(cases.first { $0.name == name }?.privateText)
            #expect(told(text)?.contains(word) == true, "\(name): \(told(text) ?? "")")
        }
        #expect(told(cases[0].publicText)?.contains("no private member `d`") == true)
    }

    @Test func tokensAreDecodedAndVerifiedByTheKeyInTheirHeader() throws {
        let tokens = try #require(Fixture.json("vectors/jwk/tokens.json")["tokens"]?.array)
        for (recorded, one) in try zip(tokens, JWKCase.all()) {
            let file = scratch.write(try #require(recorded["token"]?.string), "token.txt")
            let decoded = scratch.run("decode", file, "-o", "jsonl")
            #expect((decoded.exit == .ok) == (one.code == nil), "\(one)")
            let verified = scratch.run("verify", file)
            #expect(verified.exit == (one.code == nil ? .ok : .deny), "\(one): \(verified.output)")
            guard one.code == nil else { continue }
            #expect(try JSON.parse(Array(decoded.output.utf8))["issuer"]?.string == one.key.did.text, "\(one)")
        }
    }
}
