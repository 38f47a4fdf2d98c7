import Glibc
import Multiformats
import Testing

@testable import capq

/// Kills real syncs of a real service and follows its stream.
@Suite(.serialized) struct SyncProcessTests {
    private static let post = "com.example.forum.post"

    @Test func syncsKilledAtAnyTimeGetToTheSameCopy() throws {
        let forum = try Forum()
        for number in 0..<60 {
            try forum.json("record", "put", "\(Self.post)/r\(number)", "{\"text\":\"\(number)\"}")
        }
        let killed = forum.scratch.folder + "/killed"
        let whole = forum.scratch.folder + "/whole"
        let command = "CAPQ_HOME='\(forum.scratch.home)' '\(BuiltProducts.capq)' sync"
        for attempt in 1...12 {
            _ = Scratch.shell(
                "\(command) '\(killed)' >/dev/null 2>&1 & p=$!; sleep 0.0\(attempt); kill -9 $p; wait $p 2>/dev/null")
        }
        #expect(Scratch.shell("\(command) '\(killed)' >/dev/null 2>&1") == 0)
        #expect(Scratch.shell("\(command) '\(whole)' >/dev/null 2>&1") == 0)
        #expect(Scratch.shell("diff -r -x .capq-sync '\(killed)' '\(whole)'") == 0)
        #expect(Scratch.shell("[ $(find '\(killed)' -name '*.json' -path '*forum.post*' | wc -l) = 60 ]") == 0)
    }

    @Test func watchersGetEachWriteAndEndWithTheMembership() throws {
        let forum = try Forum()
        try forum.json("member", "add", "bob")
        let copy = forum.scratch.folder + "/copy"
        let log = forum.scratch.folder + "/watch.log"
        let words = "CAPQ_HOME='\(forum.scratch.home)' '\(BuiltProducts.capq)' sync '\(copy)' --watch --as bob"
        _ = Scratch.shell("(\(words) >'\(log)' 2>&1; echo ended $? >>'\(log)') &")
        try #require(wait { Scratch.text(log)?.contains("following") ?? false }, "\(Scratch.text(log) ?? "")")
        try forum.json("record", "put", "\(Self.post)/live", "{\"text\":\"now\"}")
        let file = try #require(SyncFolder(path: copy).record("\(Self.post)/live", of: forum.did("alice")))
        #expect(wait { SystemFile.exists(file) }, "\(Scratch.text(log) ?? "")")
        try forum.json("member", "rm", "bob")
        #expect(wait { Scratch.text(log)?.contains("ended") ?? false }, "\(Scratch.text(log) ?? "")")
        #expect(!(Scratch.text(log)?.contains("ended 0") ?? true))
    }

    /// Waits up to 20 s for something to become true.
    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<200 {
            if condition() { return true }
            usleep(100_000)
        }
        return condition()
    }
}
