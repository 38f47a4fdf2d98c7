import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

@testable import CapService

/// `capq` works on lockers over HTTP, although nothing in it knows of them.
@Suite struct LockerCapqTests {
    private let home = TemporaryFolder()

    private func capq(_ words: String..., expecting status: Int32 = 0) throws -> JSON {
        let done = try Program.run(
            "capq", words + ["--output", "json"], in: TemporaryFolder(),
            environment: ["CAPQ_HOME": home.path + "/home", "HOME": home.path])
        #expect(done.status == status, "\(words): \(done.output) \(done.errors)")
        return done.output.isEmpty ? .null : try JSON.parse(Array(done.output.utf8))
    }

    @Test func capqDelegatesListsChecksExplainsAndRevokes() throws {
        let scene = try LockerScene(clock: nil) { $0.hosting = .open }
        _ = try capq("context", "set", "local", "--url", scene.url)
        let owner = try #require(try capq("key", "new", "owner")["did"]?.string)
        let bob = try #require(try capq("key", "new", "bob")["did"]?.string)
        let locker = "locker:\(owner):tools"
        let hours = String(decoding: OpeningHours(8..<18).json.serialized(), as: UTF8.self)
        let made = try capq(
            "delegate", "@bob", "-a", "locker/open", "-p", "\(locker)/box1", "--caveats", hours, "--for", "1h", "--key",
            "owner", "--space", locker)
        let cid = try #require(made["cid"]?.string)

        let listed = try capq("ls", "--space", locker, "--key", "owner")["delegations"]?.array
        #expect(listed?.map { $0["cid"]?.string } == [cid])
        let links = try capq("chain", cid, "--space", locker, "--key", "owner")["links"]?.array
        #expect(links?.count == 1)

        func check(_ ability: String, _ given: String?, expecting status: Int32) throws -> JSON {
            let place = ["check", bob, ability, "\(locker)/box1", "--key", "owner", "--space", locker, "--explain"]
            let done = try Program.run(
                "capq", place + (given.map { ["--given", $0] } ?? []) + ["--output", "json"], in: TemporaryFolder(),
                environment: ["CAPQ_HOME": home.path + "/home", "HOME": home.path])
            #expect(done.status == status, "\(done.output) \(done.errors)")
            return try JSON.parse(Array(done.output.utf8))
        }
        let missing = try check("locker/open", nil, expecting: 3)
        #expect(missing["reason"]?["code"] == "missingContext")
        #expect(try check("locker/open", #"{"hour":9}"#, expecting: 0)["decision"] == "allow")
        let late = try check("locker/open", #"{"hour":19}"#, expecting: 3)
        #expect(late["reason"]?["code"] == "caveatFailed")
        #expect(late["explain"]?["candidates"]?.array?.first?["cid"]?.string == cid)
        let wrong = try check("locker/put", #"{"hour":9}"#, expecting: 3)
        #expect(wrong["reason"]?["code"] == "abilityNotCovered")

        #expect(try capq("revoke", cid, "--space", locker, "--key", "owner")["revoked"] == true)
        #expect(try check("locker/open", #"{"hour":9}"#, expecting: 3)["reason"]?["code"] == "revoked")
        // Beside its file capq has no families but its own, and says so rather than guess.
        let key = try Cast.key(0x71)
        let other = try LockerScene()
        _ = try other.lend("locker/open", to: key)
        other.stop()
        let refused = try Program.run(
            "capq", ["check", bob, "locker/open", "\(locker)/box1", "--db", other.service.settings.database],
            in: TemporaryFolder(), environment: ["CAPQ_HOME": home.path + "/home", "HOME": home.path])
        #expect(refused.status != 0 && refused.errors.contains("unknown kind 200"), "\(refused)")
    }
}
