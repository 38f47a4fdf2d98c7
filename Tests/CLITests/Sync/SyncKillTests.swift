import Multiformats
import Synchronization
import Testing

@testable import capq

@Suite struct SyncKillTests {
    private func fill(_ host: SyncHost) throws {
        for author in host.authors {
            for number in 0..<4 {
                try host.write("com.example.forum.post/r\(number)", ["text": .string("\(number)")], by: author)
            }
        }
    }

    /// Ends a run before each of its changes of the disk in turn; the next run always gets to the one right end.
    @Test func firstRunsGoOnAfterAKillAnywhere() throws {
        var steps = 0
        while true {
            let host = try SyncHost(authors: 2)
            try fill(host)
            let rig = SyncRig(host)
            let isKilled = try rig.killed(after: steps)
            try rig.pass()
            #expect(rig.files() == rig.expected(), "killed after \(steps)")
            #expect(SystemFile.entries(rig.path + "/.capq-sync/incoming").isEmpty)
            guard isKilled else { break }
            steps += 1
        }
        #expect(steps > 30)
    }

    @Test func laterRunsGoOnAfterAKillAnywhereAlsoWhenTheSpaceMovesOn() throws {
        var steps = 0
        while true {
            let host = try SyncHost(authors: 2)
            try fill(host)
            let rig = SyncRig(host)
            try rig.pass()
            for author in host.authors {
                try host.write("com.example.forum.post/r0", nil, by: author)
                try host.write("com.example.forum.post/r1", ["text": "changed"], by: author)
                try host.write("com.example.forum.post/new", ["text": "new"], by: author)
            }
            let isKilled = try rig.killed(after: steps)
            // What was new is gone again before the next run.
            try host.write("com.example.forum.post/new", nil)
            if steps % 2 == 1 { host.state.withLock { $0.hasForgotten = true } }
            try rig.pass()
            #expect(rig.files() == rig.expected(), "killed after \(steps)")
            guard isKilled else { break }
            steps += 1
        }
        #expect(steps > 20)
    }

    @Test func recordsFetchedBeforeAKillAreNotFetchedAgain() throws {
        let host = try SyncHost()
        for number in 0..<50 {
            try host.write("com.example.forum.post/r\(number)", ["text": .string("\(number)")])
        }
        let rig = SyncRig(host)
        #expect(try rig.killed(after: 2 * 45 + 3))
        host.forgetCalls()
        try rig.pass()
        #expect(rig.files() == rig.expected())
        #expect(!host.calls.contains("com.atproto.space.getRepo"))
        #expect(host.calls.filter { $0 == "com.atproto.space.getRecord" }.count < 12)
    }
}
