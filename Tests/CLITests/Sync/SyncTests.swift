import ATProto
import Multiformats
import Synchronization
import Testing

@testable import capq

@Suite struct SyncTests {
    static let collection = "com.example.forum.post"

    private func host(_ count: Int = 5, authors: Int = 2) throws -> SyncHost {
        let host = try SyncHost(authors: authors)
        for author in host.authors {
            for number in 0..<count {
                try host.write("\(Self.collection)/r\(number)", ["text": .string("\(number)")], by: author)
            }
        }
        return host
    }

    @Test func recordsBecomeFilesOfTheirAuthor() throws {
        let host = try host()
        let rig = SyncRig(host)
        let report = try rig.pass()
        #expect(rig.files() == rig.expected() && rig.files().count == 10)
        #expect(report.rows.map(\.way) == ["whole", "whole"])
        #expect(report.rows.map(\.changed) == [5, 5])
        host.forgetCalls()
        #expect(try rig.pass().rows.map(\.way) == ["unchanged", "unchanged"])
        #expect(Set(host.calls) == ["com.atproto.space.listRepos"])
    }

    /// The host lists by the space's revisions, ascending: whoever writes between two pages comes again at the end.
    @Test(arguments: [1, 2, 3, 9])
    func whoWritesBetweenTwoPagesIsListedAgainAndCopiedOnce(_ pageSize: Int) throws {
        let host = try host(2, authors: 4)
        let rig = SyncRig(host)
        host.state.withLock { $0.pageSize = pageSize }
        try rig.pass()
        let first = try #require(host.state.withLock { $0.repos.min { $0.value.rev < $1.value.rev }?.key })
        host.state.withLock { $0.writesBetweenPages = first }
        let report = try rig.pass()
        #expect(report.rows.count == 4 && report.rows.filter { $0.way == "incremental" }.map(\.did) == [first])
        #expect(rig.files() == rig.expected())
        let newest = host.state.withLock { $0.repos.values.map(\.rev).max() }
        #expect(report.spaceRev == newest?.text)
        // Named twice without a later revision is a lie.
        host.state.withLock {
            $0.repeatsWriters = true
            $0.pageSize = 1
        }
        #expect(#expect(throws: CommandError.self) { try rig.pass() }?.exit == .deny)
    }

    @Test func laterPassesFollowTheOperations() throws {
        let host = try host()
        let rig = SyncRig(host)
        try rig.pass()
        try host.write("\(Self.collection)/r1", nil)
        try host.write("\(Self.collection)/r2", ["text": "changed"])
        try host.write("\(Self.collection)/r9", ["text": "new"])
        try host.write("com.example.forum.topic/other:key~x", ["text": "elsewhere"])
        try host.write("\(Self.collection)/gone", ["text": "gone again"])
        try host.write("\(Self.collection)/gone", nil)
        host.forgetCalls()
        let report = try rig.pass()
        #expect(rig.files() == rig.expected())
        let row = try #require(report.rows.first { $0.did == host.authors[0] })
        #expect(row.way == "incremental" && row.changed == 3 && row.removed == 1)
        #expect(!host.calls.contains { $0.hasPrefix("com.atproto.space.getRepo") })
    }

    @Test(arguments: [true, false])
    func lostHistoryIsRecoveredByTheIndex(_ hasForgotten: Bool) throws {
        let host = try host(20)
        let rig = SyncRig(host)
        try rig.pass()
        try host.write("\(Self.collection)/r1", nil)
        try host.write("\(Self.collection)/r2", ["text": "changed"])
        host.state.withLock {
            $0.hasForgotten = hasForgotten
            $0.skipsOperations = !hasForgotten
        }
        host.forgetCalls()
        #expect(try rig.pass().rows.first { $0.did == host.authors[0] }?.way == "recovered")
        #expect(rig.files() == rig.expected())
        #expect(host.calls.contains("com.atproto.space.getRepo?excludeValues"))
        #expect(!host.calls.contains("com.atproto.space.getRepo"))
    }

    @Test(arguments: SyncHost.Lie.allCases)
    func hostsThatLieChangeNothing(_ lie: SyncHost.Lie) throws {
        let host = try host()
        let rig = SyncRig(host)
        try rig.pass()
        let before = rig.everything()
        // So much is new that the whole repo is asked for.
        for number in 0..<40 { try host.write("\(Self.collection)/n\(number)", ["text": "new"]) }
        host.state.withLock { $0.hasForgotten = true }
        host.lie(lie)
        let failure = #expect(throws: CommandError.self) { try rig.pass() }
        #expect(failure?.exit == .deny, "\(String(describing: failure))")
        #expect(failure?.message.contains(host.authors[0]) ?? false)
        #expect(rig.everything() == before)
        #expect(SystemFile.entries(rig.path + "/.capq-sync/incoming").isEmpty)
        host.lie(nil)
        try rig.pass()
        #expect(rig.files() == rig.expected())
    }

    @Test(arguments: SyncHost.Lie.allCases)
    func hostsThatLieFromTheBeginningLeaveAnEmptyFolder(_ lie: SyncHost.Lie) throws {
        guard lie != .goneBack else { return }
        let host = try host()
        host.lie(lie)
        let rig = SyncRig(host)
        let failure = #expect(throws: CommandError.self) { try rig.pass() }
        #expect(failure?.exit == .deny, "\(String(describing: failure))")
        #expect(rig.files().isEmpty)
    }

    @Test func liesInOperationsChangeNothing() throws {
        let host = try host()
        let rig = SyncRig(host)
        try rig.pass()
        let before = rig.everything()
        try host.write("\(Self.collection)/r1", ["text": "changed"])
        for lie in [SyncHost.Lie.otherSigner, .otherMAC, .otherSpace, .goneBack] {
            host.lie(lie)
            #expect(#expect(throws: CommandError.self) { try rig.pass(authors: [host.authors[0]]) }?.exit == .deny)
            #expect(rig.everything() == before)
        }
    }

    @Test func oneAuthorOutOfReachDoesNotHoldUpTheOthers() throws {
        let host = try host(3, authors: 3)
        let rig = SyncRig(host)
        try rig.pass()
        let stranger = "did:web:elsewhere.example"
        let report = try rig.pass(authors: host.authors + [stranger])
        #expect(report.exit == .notFound && report.notes.count == 1)
        #expect(report.rows.count == 3)
    }

    @Test func foldersHoldOneSpaceOnly() throws {
        let rig = SyncRig(try host())
        _ = Scratch.shell("mkdir -p '\(rig.path)' && echo mine >'\(rig.path)/notes.txt'")
        #expect(throws: CommandError.self) { try rig.pass() }
        #expect(rig.files() == ["/notes.txt": "mine\n"])
    }

    @Test func blobsAreCheckedKeptAndRemovedWithTheirRecord() throws {
        let host = try host(1, authors: 1)
        let rig = SyncRig(host)
        let bytes = Array("a picture".utf8)
        let cid = CID.ofBlob(bytes)
        let blob = BlobRef(cid: cid, mimeType: "image/png", size: Int64(bytes.count))
        try host.write("\(Self.collection)/p", ["image": RecordData.json(blob.cbor)])
        let file = "\(SyncFolder(path: rig.path).author(host.authors[0]))/blobs/\(cid.text)"
        // One that is not to be had is told, and tried again.
        #expect(try rig.pass(blobs: true).exit == .notFound)
        host.state.withLock { $0.blobs[cid.text] = Array("another".utf8) }
        #expect(#expect(throws: CommandError.self) { try rig.pass(blobs: true) }?.exit == .deny)
        #expect(!SystemFile.exists(file))
        host.state.withLock { $0.blobs[cid.text] = bytes }
        #expect(try rig.pass(blobs: true).exit == .ok)
        #expect(Scratch.text(file) == "a picture")
        try host.write("\(Self.collection)/p", nil)
        try rig.pass(blobs: true)
        #expect(!SystemFile.exists(file))
    }

    @Test func damagedStatesAreFetchedAnew() throws {
        let host = try host(4, authors: 1)
        let rig = SyncRig(host)
        try rig.pass()
        let state = SyncFolder(path: rig.path).state(of: host.authors[0])
        _ = Scratch.shell("sed -i '$d' '\(state)'")
        try host.write("\(Self.collection)/r3", nil)
        #expect(try rig.pass().rows.map(\.way) == ["whole"])
        #expect(rig.files() == rig.expected())
    }
}
