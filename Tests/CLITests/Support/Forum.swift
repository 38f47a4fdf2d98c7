import Multiformats
import Testing

@testable import capq

/// Runs a service with accounts of alice, bob and carol, and a space of alice's that is the default.
final class Forum {
    let scratch = Scratch()
    let service: LiveService
    let space: String
    private(set) var dids: [String: String] = [:]

    init() throws {
        service = try #require(LiveService(data: scratch.folder + "/data", options: ["--registration", "open"]))
        // The service has its own clock.
        scratch.process = ProcessEnvironment.ofProcess()
        scratch.process.environment = ["CAPQ_HOME": scratch.home]
        scratch.process.isTerminal = false
        scratch.process.showProgress = nil
        scratch.process.remark = nil
        scratch.run("context", "set", "local", "--url", service.url)
        let password = scratch.write("correct-horse\n", "password.txt")
        for name in ["bob", "carol", "alice"] {
            let made = scratch.run("account", "create", name, "--password-file", password)
            try #require(made.exit == .ok, "\(String(describing: made.failure))")
            dids[name] = try JSON.parse(Array(made.output.utf8))["did"]?.string
        }
        let made = scratch.run("space", "create", "com.example.forum", "--skey", "home", "--use")
        space = try #require(try JSON.parse(Array(made.output.utf8))["uri"]?.string)
    }

    func did(_ name: String) throws -> String { try #require(dids[name]) }

    @discardableResult
    func json(_ words: String..., expecting exit: ExitCode = .ok) throws -> JSON {
        // A proof or token of the past would be refused.
        scratch.process.now = ProcessEnvironment.clockMicroseconds()
        let outcome = Run.outcome(words, scratch.process)
        #expect(outcome.exit == exit, "\(words): \(String(describing: outcome.failure)) \(outcome.notes)")
        return outcome.output.isEmpty ? .null : try JSON.parse(Array(outcome.output.utf8))
    }

    func failure(_ words: String...) -> CommandError? {
        scratch.process.now = ProcessEnvironment.clockMicroseconds()
        return Run.outcome(words, scratch.process).failure
    }
}
