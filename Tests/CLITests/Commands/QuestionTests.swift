import Multiformats
import Testing
import UCAN

@testable import capq

@Suite struct QuestionTests {
    private let stub: StubService
    private let scratch = Scratch()

    init() throws {
        stub = try #require(StubService())
        scratch.run("context", "set", "local", "--url", stub.url("canned"))
        scratch.run("key", "new", "phone", "--curve", "p256")
        let session = Session(
            url: stub.url("canned"),
            key: "phone",
            cid: SampleDelegations.root,
            authorization: "",
            owner: SampleDelegations.owner,
            space: SampleDelegations.space,
            expiresAt: nil
        )
        try SessionStore(folder: scratch.home + "/contexts/local").save(session)
    }

    @Test func listsShowDelegationsOfTheSessionsSpace() throws {
        let outcome = scratch.run("ls", "--created", "--path", "notes/", "--action", "tinycloud.kv/get")
        #expect(outcome.exit == .ok, "\(String(describing: outcome.failure))")
        let json = try JSON.parse(Array(outcome.output.utf8))
        #expect(json["complete"] == true)
        #expect(json["revision"] == 7)
        #expect(json["delegations"]?.array?.count == 2)
        Snapshot.expect(scratch.run("ls", "-o", "table").output, "output/ls-pipe.txt")
        Snapshot.expect(scratch.run("ls", "-o", "mermaid").output, "output/ls.mmd")
        scratch.process.isTerminal = true
        scratch.process.environment["NO_COLOR"] = "1"
        Snapshot.expect(scratch.run("ls").output, "output/ls-terminal.txt")
        #expect(scratch.run("ls", "--full").output.contains(SampleDelegations.root))
    }

    @Test func pagesAreFollowedWhenAskedTo() throws {
        let first = scratch.run("ls", "--limit", "1", "-o", "jsonl")
        #expect(first.output.split(separator: "\n").count == 1)
        #expect(first.notes == ["more follow: `--cursor next`, or `--all-pages`"])
        let all = scratch.run("ls", "--limit", "1", "--all-pages", "-o", "jsonl")
        #expect(all.output.split(separator: "\n").count == 2)
        #expect(all.notes.isEmpty)
        let second = scratch.run("ls", "--cursor", "next", "-o", "jsonl")
        #expect(second.output.split(separator: "\n").count == 1)
    }

    @Test func chainsShowEveryLinkAndItsStatus() {
        scratch.process.isTerminal = true
        scratch.process.environment["NO_COLOR"] = "1"
        Snapshot.expect(scratch.run("chain", SampleDelegations.middle).output, "output/chain-terminal.txt")
        #expect(scratch.run("chain", SampleDelegations.leaf).exit == .notFound)
        #expect(scratch.run("chain", "nonsense").exit == .usage)
    }

    @Test(arguments: [("get", ExitCode.ok), ("put", .deny), ("del", .undetermined)])
    func decisionsAreExitCodes(_ name: String, _ exit: ExitCode) {
        let outcome = scratch.run("check", "me", "tinycloud.kv/\(name)", "kv/notes/a")
        #expect(outcome.exit == exit, "\(String(describing: outcome.failure))")
    }

    @Test func explanationsFollowTheDecision() {
        scratch.process.isTerminal = true
        scratch.process.environment["NO_COLOR"] = "1"
        let words = ["check", "@phone", "tinycloud.kv/put", "kv/notes/a", "--explain"]
        Snapshot.expect(Run.outcome(words, scratch.process).output, "output/check-deny.txt")
        Snapshot.expect(
            scratch.run("check", "@phone", "tinycloud.kv/get", "kv/notes/a").output, "output/check-allow.txt")
    }

    @Test func statusTellsLiveFromEnded() {
        #expect(scratch.run("status", SampleDelegations.root).exit == .ok)
        #expect(scratch.run("status", SampleDelegations.middle).exit == .deny)
        #expect(scratch.run("status", SampleDelegations.leaf).exit == .notFound)
    }

    @Test func revocationsNameTheirTarget() throws {
        let outcome = scratch.run("revoke", SampleDelegations.middle)
        #expect(outcome.exit == .ok, "\(String(describing: outcome.failure))")
        #expect(try JSON.parse(Array(outcome.output.utf8))["cid"]?.string == SampleDelegations.middle)
    }

    @Test func delegationsMadeOfflineHoldOffline() throws {
        let outcome = scratch.run(
            "delegate", SampleDelegations.agent, "-a", "tinycloud.kv/get", "-p", "kv/notes/", "--for", "1h",
            "--offline",
            "--terminal")
        #expect(outcome.exit == .ok, "\(String(describing: outcome.failure))")
        let json = try JSON.parse(Array(outcome.output.utf8))
        let token = try UnverifiedToken.decode(authorization: Array(try #require(json["authorization"]?.string).utf8))
        #expect(token.isTerminal)
        #expect(token.proofs.map { CID(codec: CID.rawCodec, hash: $0).text } == [SampleDelegations.root])
        #expect(token.expires == Timestamp(seconds: 1_783_684_800 + 3_600))
        #expect(token.capabilities.map(\.resource) == ["\(SampleDelegations.space)/kv/notes/"])
        _ = try token.verify()
    }

    @Test func sessionsAreNotShownToOtherServices() {
        let outcome = scratch.run("ls", "--url", stub.url("echo"), "--space", SampleDelegations.space)
        #expect(outcome.failure?.exit == .notAuthorized)
    }

    @Test func questionsWithoutALoginSayHowToLogIn() {
        let other = Scratch()
        other.run("context", "set", "local", "--url", stub.url("canned"))
        let outcome = other.run("ls", "--space", SampleDelegations.space)
        #expect(outcome.exit == .notAuthorized)
        #expect(outcome.failure?.hint?.contains("capq login") ?? false)
    }

    @Test func refusalsAndAbsencesHaveTheirExitCodes() {
        #expect(
            scratch.run("ls", "--space", "tinycloud:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK:other").exit
                == .notAuthorized)
        scratch.run("context", "set", "gone", "--url", "http://127.0.0.1:1", "--key", "phone")
        #expect(scratch.run("check", "did:web:a", "a/b", "urn:x:y", "--context", "gone").exit == .unreachable)
        #expect(scratch.run("check", "did:web:a", "a/b", "urn:x:y", "--context", "nowhere").exit == .notFound)
        #expect(Scratch().run("ls").exit == .failure)
    }
}
