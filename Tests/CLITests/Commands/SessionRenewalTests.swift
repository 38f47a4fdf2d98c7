import Glibc
import Multiformats
import Testing

@testable import capq

/// Lets the clock of a service run ahead, so that access tokens expire.
@Suite struct SessionRenewalTests {
    @Test func expiredTokensAreRenewedOnceAndKept() throws {
        let scratch = Scratch()
        scratch.process.standardInput = { _ in Array("correct-horse\n".utf8) }
        let clock = scratch.write("1790000000\n", "clock")
        let service = try #require(
            LiveService(
                data: scratch.folder + "/data", options: ["--registration", "open", "--clock-file", clock]))
        scratch.run("context", "set", "local", "--url", service.url)
        #expect(scratch.run("account", "create", "alice", "--password-file", "-").exit == .ok)
        let file = scratch.home + "/contexts/local/accounts/alice.localhost.json"
        let before = Scratch.text(file)
        #expect(scratch.run("space", "ls").exit == .ok)
        #expect(Scratch.text(file) == before)
        _ = scratch.write("1790086000\n", "clock")
        #expect(scratch.run("space", "ls").exit == .ok)
        let after = Scratch.text(file)
        #expect(after != before && Scratch.mode(file) == 0o600)
        #expect(scratch.run("space", "ls").exit == .ok)
        #expect(Scratch.text(file) == after)
        // A session that has ended for good says what to do.
        _ = scratch.write("1990000000\n", "clock")
        let ended = scratch.run("space", "ls")
        #expect(ended.exit == .notAuthorized && ended.failure?.hint?.contains("login") ?? false)
    }
}
