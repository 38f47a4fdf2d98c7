import Multiformats
import Testing
import UCAN

@testable import capq

/// Why, who can, what can and by which way, asked of a running service and of its file.
@Suite struct AuthorityQuestionTests {
    private let scratch = Scratch()
    private let service: LiveService
    private let space: String
    private let database: String

    init() throws {
        let service = try #require(LiveService(data: scratch.folder + "/data"))
        self.service = service
        database = scratch.folder + "/data/capability-graph.sqlite"
        scratch.process = ProcessEnvironment.ofProcess()
        scratch.process.environment = ["CAPQ_HOME": scratch.home]
        scratch.process.isTerminal = false
        scratch.run("context", "set", "local", "--url", service.url)
        scratch.run("key", "new", "owner", "--curve", "wallet")
        scratch.run("key", "new", "bob")
        scratch.run("key", "new", "carol")
        let login = scratch.run("login", "--wallet-key", "owner")
        #expect(scratch.run("host", "--wallet-key", "owner").exit == .ok)
        space = try #require(try JSON.parse(Array(login.output.utf8))["space"]?.string)
        scratch.run("context", "set", "file", "--db", database, "--space", space)
    }

    private func json(_ words: [String], expecting exit: ExitCode = .ok) throws -> JSON {
        let outcome = Run.outcome(words, scratch.process)
        #expect(outcome.exit == exit, "\(words): \(String(describing: outcome.failure)) \(outcome.output)")
        return outcome.output.isEmpty ? .null : try JSON.parse(Array(outcome.output.utf8))
    }

    /// Runs a line as a shell would.
    private func run(line: String) -> ExitCode {
        let words = line.split(separator: " ").dropFirst().map { $0.trimmingQuotes }
        return Run.outcome(words, scratch.process).exit
    }

    private func delegate(to name: String, _ path: String = "kv/notes/", _ ability: String = "tinycloud.kv/get") throws
    {
        _ = try json(["delegate", "@\(name)", "-a", ability, "-p", path, "--for", "1h"])
    }

    private var at: String { Timestamp(microseconds: scratch.process.now).wholeSeconds.adding(seconds: 1).rfc3339 }

    @Test func theFixMendsAndWhatStopsItStopsIt() throws {
        try delegate(to: "bob")
        let asked = ["explain", "@bob", "tinycloud.kv/put", "kv/notes/a"]
        let refused = try json(asked, expecting: .deny)
        let miss = try #require(refused["misses"]?.array?.first)
        #expect(miss["code"]?.string == "abilityNotCovered" && miss["cost"]?.number?.int64 == 40)
        #expect(refused["fixes"]?.array?.first?["steps"]?.array?.first?["step"]?.string == "delegate")
        let line = scratch.run("explain", "@bob", "tinycloud.kv/put", "kv/notes/a", "--fix").output
        #expect(line.hasPrefix("capq delegate ") && line.contains(" --proof "))
        #expect(run(line: String(line.dropLast())) == .ok, "\(line)")
        let allowed = try json(asked)
        #expect(allowed["misses"] == nil && allowed["toStop"]?["complete"] == true)
        let edges = (allowed["toStop"]?["edges"]?.array ?? []).compactMap { $0.string }
        #expect(edges.count == 1)
        for edge in edges { _ = try json(["revoke", edge]) }
        let stopped = try json(asked, expecting: .deny)
        let codes = (stopped["misses"]?.array ?? []).compactMap { $0["code"]?.string }
        #expect(codes.contains("revoked"))
        #expect(scratch.run("explain", "@bob", "tinycloud.kv/get", "kv/notes/a", "--fix").output.isEmpty)
    }

    /// What was said of the use, and where it was asked, is said again by the command that asks again.
    @Test func aQuestionThatIsAskedAgainSaysAllThatWasSaid() throws {
        let now = Timestamp(microseconds: scratch.process.now).wholeSeconds
        let (start, before) = (now.rfc3339, now.adding(seconds: -60).rfc3339)
        _ = try json(["delegate", "@bob", "-a", "tinycloud.kv/get", "-p", "kv/notes", "--from", start, "--for", "1h"])
        let given = #"{"statement":{"kind":"query"},"client":"https://a.example"}"#
        let line = scratch.run(
            "explain", "@bob", "tinycloud.kv/get", "kv/notes/a", "--fix", "--given", given, "--at", before, "--context",
            "file"
        ).output
        #expect(line.contains(" --at \(start)") && line.contains("--given '\(given)'"), "\(line)")
        #expect(line.hasSuffix(" --context file\n") && run(line: String(line.dropLast())) == .ok, "\(line)")
    }

    /// A statement that rests on what ends soon is given less time than that, so that it can be signed yet.
    @Test func aFixIsInTimeForWhatItRestsOn() throws {
        let held = try json(["delegate", "@bob", "-a", "tinycloud.kv/get", "-p", "kv/notes", "--for", "100s"])
        let proof = try #require(held["cid"]?.string)
        let asBob = ["--key", "bob", "--space", space]
        _ = try json(
            ["delegate", "@carol", "-a", "tinycloud.kv/get", "-p", "kv/notes/a", "--for", "50s", "--proof", proof]
                + asBob)
        let asked = ["explain", "me", "tinycloud.kv/get", "kv/notes/b", "--key", "carol", "--space", space]
        let line = Run.outcome(asked + ["--fix"], scratch.process).output
        #expect(line.contains("--proof \(proof)"), "\(line)")
        let words = line.split(separator: " ").dropFirst().map { $0.trimmingQuotes.replacing("\n", with: "") }
        let place = try #require(words.firstIndex(of: "--for"))
        #expect(Int(words[place + 1].dropLast()).map { (1...50).contains($0) } ?? false, "\(line)")
        #expect(Run.outcome(words + asBob, scratch.process).exit == .ok, "\(line)")
        _ = try json(asked)
    }

    @Test func filesAnswerAsTheServiceDoes() throws {
        try delegate(to: "bob")
        try delegate(to: "carol", "kv/notes/a/b")
        let questions: [([String], ExitCode)] = [
            (["explain", "@bob", "tinycloud.kv/get", "kv/notes/a"], .ok),
            (["explain", "@carol", "tinycloud.kv/get", "kv/notes/a"], .deny),
            (["who-can", "tinycloud.kv/get", "kv/notes/a/b"], .ok),
            (["who-can", "tinycloud.kv/get", "kv/notes/a/b", "--kind", "key"], .ok),
            (["what-can", "@bob", "--space", space], .ok), (["what-can", "me"], .ok),
            (["path", "me", "@bob", "--space", space], .ok), (["path", "@bob", "@carol", "--space", space], .deny),
        ]
        let session = try #require(
            try json(["who-can", "tinycloud.kv/put", "kv/x", "--kind", "key"])["rows"]?.array?.first)
        for (words, exit) in questions {
            let typed = words + ["--at", at]
            var answers: [JSONObject] = []
            for more in [[], ["--context", "file"]] {
                // A file knows no session.
                let who = session["principal"]?.string ?? ""
                let named = more.isEmpty ? typed : typed.map { $0 == "me" ? who : $0 }
                var object = try json(named + more, expecting: exit).object ?? JSONObject()
                object["decisionId"] = nil
                answers.append(object)
            }
            #expect(answers.first == answers.last, "\(words)")
        }
    }

    @Test func whoCanIsWhoCheckAllows() throws {
        try delegate(to: "bob")
        let answer = try json(["who-can", "tinycloud.kv/get", "kv/notes/a"])
        let rows = try #require(answer["rows"]?.array)
        #expect(rows.map { $0["by"]?.string } == ["owner", "delegation", "delegation"])
        #expect(
            answer["complete"] == true && answer["everyone"] == false && answer["schema"]?.string == "capq/who-can/1")
        for row in rows {
            let who = try #require(row["principal"]?.string)
            #expect(scratch.run("check", who, "tinycloud.kv/get", "kv/notes/a").exit == .ok)
        }
        let paged = try json(["who-can", "tinycloud.kv/get", "kv/notes/a", "--limit", "1", "--all-pages"])
        #expect(paged["rows"] == answer["rows"] && paged["complete"] == true)
        let first = scratch.run("who-can", "tinycloud.kv/get", "kv/notes/a", "--limit", "1")
        #expect(first.notes.contains { $0.hasPrefix("more follow: `--cursor ") })
    }

    @Test func aTerminalOfEightyColumnsIsEnough() throws {
        try delegate(to: "bob")
        scratch.process.isTerminal = true
        scratch.process.width = 80
        scratch.process.environment["NO_COLOR"] = "1"
        for words in [
            ["explain", "@bob", "tinycloud.kv/put", "kv/notes/a"],
            ["explain", "@bob", "tinycloud.kv/get", "kv/notes/a"],
            ["who-can", "tinycloud.kv/get", "kv/notes/a"], ["what-can", "me"], ["path", "me", "@bob"],
        ] {
            let output = Run.outcome(words, scratch.process).output
            #expect(!output.isEmpty, "\(words)")
            for line in output.split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
        }
        let screen = Run.outcome(["explain", "@bob", "tinycloud.kv/put", "kv/notes/a"], scratch.process).output
        for word in ["decision", "reason", "nearest", "fix", "one signature, by", "revision"] {
            #expect(screen.contains(word), "\(screen)")
        }
    }

    @Test func strangersMayNotAskAboutOthers() {
        for words in [
            ["who-can", "tinycloud.kv/get", "kv/notes/a"], ["what-can", "@owner", "--space", space],
            ["path", "@owner", "@carol", "--space", space],
        ] {
            let outcome = Run.outcome(words + ["--key", "bob", "--space", space], scratch.process)
            #expect(outcome.exit == .notAuthorized || outcome.exit == .usage, "\(words)")
        }
        let own = scratch.run("explain", "me", "tinycloud.kv/get", "kv/notes/a", "--key", "bob", "--space", space)
        #expect(own.exit == .deny)
    }
}

extension Substring {
    fileprivate var trimmingQuotes: String {
        hasPrefix("'") && hasSuffix("'") && count > 1 ? String(dropFirst().dropLast()) : String(self)
    }
}

extension AuthorityQuestionTests {
    /// The same answer from the service, its file and a revocation that is not made; then it is made.
    @Test func whatIfSaysWhatTheRevocationDoes() throws {
        try delegate(to: "bob")
        let listed = try json(["ls", "--created"])
        let cid = try #require(listed["delegations"]?.array?.first?["cid"]?.string)
        let supposed = try json(["whatif", "--revoke", cid])
        #expect(supposed["counts"]?["ended"] == 1 && supposed["counts"]?["lost"] == 1, "\(supposed)")
        for words in [["revoke", cid, "--dry-run"], ["whatif", "--revoke", cid, "--context", "file"]] {
            var other = try json(words).object ?? JSONObject()
            other["at"] = supposed["at"]
            #expect(JSON.object(other) == supposed, "\(words)")
        }
        let blast = try json(["blast", "@bob"])
        #expect(blast["compromised"]?.array?.count == 1 && blast["counts"]?["lost"] == 1)
        scratch.process.isTerminal = true
        scratch.process.environment["NO_COLOR"] = "1"
        let screen = scratch.run("whatif", "--revoke", cid).output
        #expect(screen.contains("to do it: capq revoke") && screen.contains("loses"), "\(screen)")
        #expect(screen.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(screen)")
        scratch.process.isTerminal = false
        _ = try json(["explain", "@bob", "tinycloud.kv/get", "kv/notes/a"])
        _ = try json(["revoke", cid])
        _ = try json(["explain", "@bob", "tinycloud.kv/get", "kv/notes/a"], expecting: .deny)
        #expect(Run.outcome(["whatif", "--revoke", cid], scratch.process).exit == .notFound)
        #expect(Run.outcome(["whatif"], scratch.process).exit == .usage)
        for option in ["--session", "--invite"] {
            #expect(Run.outcome(["whatif", option, "no id"], scratch.process).exit == .usage)
        }
    }
}
