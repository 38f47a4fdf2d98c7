import Multiformats
import Testing
import UCAN

@testable import capq

/// Takes one account through its life against a real service, and asks the service and its file the same questions.
@Suite struct FlowTests {
    private let scratch = Scratch()
    private let service: LiveService
    private let space: String

    init() throws {
        let service = try #require(LiveService(data: scratch.folder + "/data"))
        self.service = service
        // The service has its own clock.
        scratch.process = ProcessEnvironment.ofProcess()
        scratch.process.environment = ["CAPQ_HOME": scratch.home]
        scratch.process.isTerminal = false
        scratch.run("context", "set", "local", "--url", service.url)
        scratch.run("key", "new", "owner", "--curve", "wallet")
        scratch.run("key", "new", "bob")
        let login = scratch.run("login", "--wallet-key", "owner")
        #expect(login.exit == .ok, "\(String(describing: login.failure))")
        #expect(login.notes.first?.contains("capq host") ?? false)
        #expect(scratch.run("host", "--wallet-key", "owner").exit == .ok)
        space = try #require(try JSON.parse(Array(login.output.utf8))["space"]?.string)
    }

    private func json(_ words: String..., expecting exit: ExitCode = .ok) throws -> JSON {
        let outcome = Run.outcome(words, scratch.process)
        #expect(outcome.exit == exit, "\(words): \(String(describing: outcome.failure))")
        return outcome.output.isEmpty ? .null : try JSON.parse(Array(outcome.output.utf8))
    }

    private func delegate(_ path: String = "kv/notes/") throws -> String {
        let made = try json("delegate", "@bob", "-a", "tinycloud.kv/get", "-p", path, "--for", "1h")
        return try #require(made["cid"]?.string)
    }

    @Test func whatIsDelegatedIsAllowedUntilItIsRevoked() throws {
        let cid = try delegate()
        #expect(try json("check", "@bob", "tinycloud.kv/get", "kv/notes/a")["decision"] == "allow")
        let denied = try json("check", "@bob", "tinycloud.kv/put", "kv/notes/a", "--explain", expecting: .deny)
        #expect(denied["explain"] != nil)
        #expect(try json("status", cid)["status"] == "active")
        #expect(try json("revoke", cid)["revoked"] == true)
        #expect(try json("check", "@bob", "tinycloud.kv/get", "kv/notes/a", expecting: .deny)["decision"] == "deny")
        #expect(try json("status", cid, expecting: .deny)["status"] == "revoked")
        let links = try json("chain", cid)["links"]?.array
        #expect(links?.map { $0["status"]?.string } == ["revoked", "active"])
        let ended = try json("ls", "--status", "revoked")["delegations"]?.array
        #expect(ended?.map { $0["cid"]?.string } == [cid])
    }

    @Test func walletsRevokeWithoutASession() throws {
        let cid = try delegate()
        #expect(try json("revoke", cid, "--key", "owner")["revoked"] == true)
        #expect(try json("status", cid, expecting: .deny)["status"] == "revoked")
    }

    @Test func pagesJoinToTheWholeList() throws {
        for number in 0..<7 { _ = try delegate("kv/notes/\(number)") }
        let whole = try json("ls", "--limit", "100")
        let paged = try json("ls", "--limit", "2", "--all-pages")
        #expect(whole["delegations"]?.array?.count == 9)
        #expect(paged["delegations"] == whole["delegations"])
        #expect(paged["complete"] == true)
        #expect(try json("ls", "--path", "notes/3", "--created")["delegations"]?.array?.count == 1)
    }

    @Test func filesAnswerAsTheServiceDoes() throws {
        let cid = try delegate()
        let revoked = try delegate("kv/other/")
        _ = try json("revoke", revoked)
        scratch.run(
            "context", "set", "file", "--db", scratch.folder + "/data/capability-graph.sqlite", "--space", space)
        #expect(try json("ls", "--context", "file")["delegations"] == json("ls")["delegations"])
        #expect(try json("chain", revoked, "--context", "file") == json("chain", revoked))
        #expect(try json("status", cid, "--context", "file") == json("status", cid))
        for ability in ["tinycloud.kv/get", "tinycloud.kv/put"] {
            let exit: ExitCode = ability == "tinycloud.kv/get" ? .ok : .deny
            // Of one moment, since each has a clock of its own.
            let at = Timestamp(microseconds: scratch.process.now).wholeSeconds.rfc3339
            let words = ["check", "@bob", ability, "kv/notes/a", "--explain", "--at", at]
            var answers: [JSONObject] = []
            for more in [[], ["--context", "file"]] {
                let outcome = Run.outcome(words + more, scratch.process)
                #expect(outcome.exit == exit)
                guard case .object(var object) = try JSON.parse(Array(outcome.output.utf8)) else { continue }
                // Only the service names its decisions.
                object["decisionId"] = nil
                answers.append(object)
            }
            #expect(answers.count == 2 && answers.first == answers.last)
        }
    }

    @Test func strangersMayNotAskAndLearnNothing() throws {
        let cid = try delegate()
        #expect(scratch.run("ls", "--key", "bob", "--space", space).exit == .notAuthorized)
        #expect(scratch.run("check", "me", "tinycloud.kv/get", "kv/notes/a", "--key", "bob").exit == .ok)
        #expect(
            scratch.run("check", "@owner", "tinycloud.kv/get", "kv/notes/a", "--key", "bob").exit == .notAuthorized)
        scratch.run("key", "new", "stranger")
        #expect(scratch.run("status", cid, "--key", "stranger").exit == .notFound)
        #expect(scratch.run("revoke", cid, "--key", "stranger").exit == .notAuthorized)
    }

    @Test func offlineVerificationAgreesWithTheService() throws {
        _ = try delegate()
        let list = scratch.run("ls")
        let file = scratch.write(list.output, "list.json")
        #expect(try json("verify", file)["valid"] == true)
    }

    @Test func accountsListWhatTheyGaveInEverySpace() throws {
        let cid = try delegate()
        let rows = try json("ls", "--account", "--created", "--limit", "1", "--all-pages")["delegations"]?.array
        #expect(rows?.contains { $0["cid"]?.string == cid } ?? false)
        #expect(scratch.run("ls", "--account", "--path", "x").exit == .usage)
    }
}
