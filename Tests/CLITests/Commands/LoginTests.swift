import Multiformats
import Testing
import UCAN

@testable import capq

@Suite struct LoginTests {
    private let scratch = Scratch()
    private let owner: EthereumKey

    init() throws {
        owner = try EthereumKey(scalar: Array(repeating: 0, count: 31) + [1])
        // Nobody listens there: what needs a service ends unreachable.
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1")
    }

    private var sessionFolder: String { scratch.home + "/contexts/local" }

    @Test func walletsElsewhereSignTheMessageTheyAreGiven() throws {
        let file = scratch.folder + "/message.txt"
        let out = scratch.run("login", "--siwe-out", file, "--address", owner.address.description, "--for", "1h")
        #expect(out.exit == .ok)
        let text = try #require(Scratch.text(file))
        let message = try SIWE.parse(text)
        #expect(message.issuedAt == "2026-07-10T12:00:00Z")
        #expect(message.expirationTime == "2026-07-10T13:00:00Z")
        #expect(message.domain == "127.0.0.1:1")
        #expect(Scratch.mode(sessionFolder + "/session-key.json") == 0o600)
        let signature = Base16.encode(try owner.signEIP191(Array(text.utf8)))
        let back = scratch.run("login", "--siwe-in", file, "--signature", "0x" + signature)
        #expect(back.exit == .unreachable, "\(String(describing: back.failure))")
        #expect(!SystemFile.exists(sessionFolder + "/session.json"))
    }

    @Test func messagesPrintedToAPipeAreExact() throws {
        let out = scratch.run("login", "--siwe-out", "-", "--address", owner.address.description)
        #expect(try SIWE.parse(out.output).text == out.output)
    }

    @Test func signaturesOfAnybodyElseAreCaughtBeforeSending() throws {
        let file = scratch.folder + "/message.txt"
        scratch.run("login", "--siwe-out", file, "--address", owner.address.description)
        let text = try #require(Scratch.text(file))
        let other = try EthereumKey(scalar: Array(repeating: 0, count: 31) + [2])
        let signature = Base16.encode(try other.signEIP191(Array(text.utf8)))
        #expect(scratch.run("login", "--siwe-in", file, "--signature", signature).exit == .failure)
        #expect(scratch.run("login", "--siwe-in", file, "--signature", "00").exit == .usage)
    }

    @Test func messagesForAnotherSessionKeyAreRefused() throws {
        let file = scratch.folder + "/message.txt"
        scratch.run("key", "new", "other", "--curve", "p256")
        scratch.run("login", "--siwe-out", file, "--address", owner.address.description)
        let text = try #require(Scratch.text(file))
        let signature = Base16.encode(try owner.signEIP191(Array(text.utf8)))
        let back = scratch.run("login", "--siwe-in", file, "--signature", signature, "--key", "other")
        #expect(back.exit == .failure)
        #expect(back.failure?.hint?.contains("--key") ?? false)
    }

    @Test func loginsWithoutAServiceLeaveNoSession() {
        scratch.run("key", "new", "owner", "--curve", "wallet")
        #expect(scratch.run("login", "--wallet-key", "owner").exit == .unreachable)
        #expect(!SystemFile.exists(sessionFolder + "/session.json"))
    }

    @Test(arguments: [
        ["login"], ["login", "--siwe-out", "x"], ["login", "--siwe-in", "x"],
        ["login", "--wallet-key", "a", "--siwe-out", "x"],
        ["login", "--siwe-out", "-", "--address", "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf", "--ability", "a/b"],
        ["login", "--siwe-out", "-", "--address", "0x7E5F"],
        ["login", "--url", "http://127.0.0.1:1", "--wallet-key", "a"],
    ])
    func loginsThatMakeNoSenseAreUsageMistakes(_ words: [String]) {
        #expect(Run.outcome(words, scratch.process).exit == .usage)
    }
}
