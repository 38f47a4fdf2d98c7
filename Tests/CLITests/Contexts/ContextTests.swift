import Multiformats
import Testing

@testable import capq

@Suite struct ContextTests {
    private let scratch = Scratch()

    @Test func theFirstContextIsCurrentUntilAnotherIsChosen() throws {
        #expect(scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1").exit == .ok)
        #expect(scratch.run("context", "set", "archive", "--db", "./graph.db").exit == .ok)
        #expect(try ContextStore(home: scratch.home).context(named: nil)?.name == "local")
        #expect(scratch.run("context", "use", "archive").exit == .ok)
        #expect(try ContextStore(home: scratch.home).context(named: nil)?.source == .database("./graph.db"))
        #expect(Scratch.mode(scratch.home + "/config.json") == 0o600)
    }

    @Test func membersNotNamedKeepTheirValue() throws {
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1", "--key", "alice")
        scratch.run("context", "set", "local", "--space", "s")
        let context = try ContextStore(home: scratch.home).context(named: "local")
        #expect(context == Context(name: "local", source: .service("http://127.0.0.1:1"), key: "alice", space: "s"))
    }

    @Test func unknownContextsAreNotFoundAndNamed() {
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1")
        let outcome = scratch.run("context", "use", "locla")
        #expect(outcome.exit == .notFound)
        #expect(outcome.failure?.hint == "did you mean `local`?")
    }

    @Test(arguments: [
        ["context", "set", "x"], ["context", "set", "x", "--url", "http://a", "--db", "b"],
        ["context", "set", "../x", "--url", "http://a"], ["context", "set", "x", "--url", "ftp://a"],
    ])
    func contextsThatMakeNoSenseAreUsageMistakes(_ words: [String]) {
        #expect(Run.outcome(words, scratch.process).exit == .usage)
    }

    @Test func configurationsOthersMayReadAreRefused() {
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1")
        _ = Scratch.shell("chmod 644 '\(scratch.home)/config.json'")
        #expect(scratch.run("context", "list").exit == .failure)
    }

    @Test func listsAreRowsForPrograms() throws {
        scratch.run("context", "set", "local", "--url", "http://127.0.0.1:1")
        scratch.run("context", "set", "archive", "--db", "./graph.db")
        let lines = scratch.run("context", "list", "-o", "jsonl").output.split(separator: "\n")
        let names = try lines.map { try JSON.parse(Array($0.utf8))["name"]?.string }
        #expect(names == ["local", "archive"])
    }

    @Test func addressesThatAreNotEncryptedAreRemarkedOn() {
        #expect(scratch.run("context", "set", "far", "--url", "http://node.example").notes.count == 1)
        #expect(scratch.run("context", "set", "near", "--url", "http://127.0.0.1:1").notes.isEmpty)
        #expect(scratch.run("context", "set", "safe", "--url", "https://node.example/").notes.isEmpty)
    }
}
