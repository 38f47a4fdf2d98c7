import Multiformats
import Testing
import UCAN

@testable import capq

@Suite struct KeyCommandTests {
    private let scratch = Scratch()

    @Test(arguments: [("ed25519", "did:key:z6Mk"), ("p256", "did:key:zDn"), ("secp256k1", "did:key:zQ3s")])
    func newKeysSignUnderTheDIDOfTheirCurve(_ curve: String, _ prefix: String) throws {
        let made = scratch.run("key", "new", "alice", "--curve", curve)
        #expect(made.exit == .ok)
        let json = try JSON.parse(Array(made.output.utf8))
        #expect(json["did"]?.string?.hasPrefix(prefix) ?? false)
        #expect(scratch.run("key", "show", "alice").output == made.output)
    }

    @Test func walletsAreAccounts() throws {
        scratch.run("key", "new", "owner", "--curve", "wallet")
        let json = try JSON.parse(Array(scratch.run("key", "show", "owner").output.utf8))
        let address = try #require(json["address"]?.string)
        #expect(json["did"]?.string == "did:pkh:eip155:1:\(address)")
    }

    @Test func secretsAreNeverShown() throws {
        scratch.run("key", "new", "alice")
        let secret = try #require(Scratch.text(scratch.home + "/keys/alice.json"))
        let text = try #require(try JSON.parse(Array(secret.utf8))["secret"]?.string)
        for words in [
            ["show", "alice"], ["show", "alice", "--full", "-o", "table"], ["list"], ["list", "-o", "jsonl"],
        ] {
            let output = Run.outcome(["key"] + words, scratch.process).output
            #expect(!output.isEmpty)
            #expect(!output.contains(text))
        }
    }

    @Test func keysMadeElsewhereAreKept() throws {
        // The private key 1, its account and its encodings are known from the published vectors.
        let hex = String(repeating: "0", count: 63) + "1"
        let account = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
        let forms = [hex, "0x\(hex)\n", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"]
        for (number, form) in forms.enumerated() {
            let path = scratch.write(form, "secret\(number)")
            let outcome = scratch.run("key", "import", "wallet\(number)", path, "--curve", "wallet")
            #expect(try JSON.parse(Array(outcome.output.utf8))["address"]?.string == account, "\(form)")
        }
    }

    @Test func privateJWKsAreKept() throws {
        let key = try PrivateKey(curve: .p256, seed: Array(1...32))
        let path = scratch.write(JSONPrinter.line(key.jwk), "key.jwk")
        let outcome = scratch.run("key", "import", "phone", path)
        #expect(try JSON.parse(Array(outcome.output.utf8))["did"]?.string == key.did.text)
    }

    @Test func standardInputIsReadForADash() throws {
        var process = scratch.process
        process.standardInput = { _ in Array("AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA".utf8) }
        #expect(Run.outcome(["key", "import", "piped", "-"], process).exit == .ok)
    }

    @Test(arguments: ["", "abc", "{", "{}", "0x00", String(repeating: "0", count: 64)])
    func whatIsNoSecretIsRefused(_ text: String) {
        let path = scratch.write(text, "secret")
        #expect(scratch.run("key", "import", "x", path, "--curve", "wallet").exit == .failure)
    }

    @Test func missingKeysAndFilesAreNotFound() {
        #expect(scratch.run("key", "show", "nobody").exit == .notFound)
        #expect(scratch.run("key", "import", "x", "/nowhere").exit == .notFound)
    }

    @Test func sourcesOthersMayReadAreRemarkedOn() {
        let secret = String(repeating: "1", count: 64)
        #expect(scratch.run("key", "import", "a", scratch.write(secret, "open", mode: 0o644)).notes.count == 1)
        #expect(scratch.run("key", "import", "b", scratch.write(secret, "closed")).notes.isEmpty)
    }
}
