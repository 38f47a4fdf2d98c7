import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

@Suite struct RepoDeletionTests {
    private func rows(_ rig: RepoRig, _ table: String) throws -> Int64 {
        try rig.store.read { try $0.first("SELECT count(*) FROM " + table) { $0.integer(0) } ?? -1 }
    }

    private func head(_ rig: RepoRig, _ author: String, _ viewer: RepoViewer) throws -> String? {
        try rig.refusal { _ = try rig.repos.read { try $0.head(space: RepoRig.space, author: author, for: viewer) } }
    }

    @Test func aDeletedRepoIsGoneAndASuccessorGoesOnAboveIt() throws {
        let rig = try RepoRig()
        try rig.write(try (0..<150).map { try RepoRig.put("k\($0)", "x") })
        let before = try #require(try rig.head())
        rig.now -= 60_000_000
        #expect(try rig.repos.deleteRepo(space: RepoRig.space, author: RepoRig.alice, at: rig.time))
        #expect(try !rig.repos.deleteRepo(space: RepoRig.space, author: RepoRig.alice, at: rig.time))
        #expect(try rig.head() == nil)
        #expect(try rig.repos.read { try $0.spaces(heldBy: RepoRig.alice, limit: 9) } == [])
        #expect(
            try rig.repos.read { try $0.writers(of: RepoRig.space, after: nil as String?, limit: 9) }.writers.isEmpty)
        #expect(
            try rig.repos.read { try $0.records(of: RepoRig.space, RecordListing(), limits: rig.limits) }.records
                .isEmpty)
        #expect(
            try rig.repos.read { try $0.authors(of: RepoRig.space, having: NSID("com.example.post"), RecordKey("k0")) }
                == [])
        // Written anew before the old rows are cleared.
        try rig.write([RepoRig.create("k0", "new")])
        let after = try #require(try rig.head())
        #expect(after.rev > before.rev && after.recordCount == 1)
        #expect(try rig.records() == ["com.example.post/k0": RepoRig.record("new").cid])
        #expect(try rig.operations(since: after.prunedThrough).count == 1)
        #expect(
            try rig.refusal { _ = try rig.operations(since: before.rev) } == "HistoryUnavailable",
            "whoever knows the old repo must fetch the new one")
        try rig.repos.sweep(at: rig.time)
        #expect(try rows(rig, "record") == 1 && rows(rig, "operation") == 1 && rows(rig, "repo") == 1)
        #expect(try rig.records().count == 1)
    }

    @Test func deletingASpaceTakesTheAuthoritysRepoAndOrphansTheOthers() throws {
        let rig = try RepoRig()
        for author in [RepoRig.authority, RepoRig.alice, RepoRig.bob] {
            try rig.write([RepoRig.put("a", author)], by: author)
        }
        let revision = try #require(try rig.repos.read { try $0.revision(of: RepoRig.space) })
        let repos = rig.repos
        try rig.store.transact(at: rig.time) { try repos.writer($0).deleteSpace(RepoRig.space, purge: false) }
        try rig.store.transact(at: rig.time) { try repos.writer($0).deleteSpace(RepoRig.space, purge: false) }
        #expect(try head(rig, RepoRig.authority, .author) == "RepoNotFound")
        for author in [RepoRig.alice, RepoRig.bob] {
            #expect(try head(rig, author, .author) == nil)
            #expect(try head(rig, author, .reader) == "RepoNotFound")
            #expect(try rig.repos.read { try $0.spaces(heldBy: author, limit: 9) } == [RepoRig.space])
        }
        #expect(
            try rig.repos.read { try $0.records(of: RepoRig.space, RecordListing(), limits: rig.limits) }.records
                .isEmpty)
        #expect(
            try rig.repos.read { try $0.writers(of: RepoRig.space, after: nil as String?, limit: 9) }.writers.isEmpty)
        // The author exports and deletes what is left.
        let key = try PrivateKey.generate(.p256)
        #expect(try rig.refusal { _ = try rig.archive(RepoRig.alice, key: key, for: .reader) } == "RepoNotFound")
        #expect(try !rig.archive(RepoRig.alice, key: key, for: .author).isEmpty)
        #expect(try rig.repos.deleteRepo(space: RepoRig.space, author: RepoRig.alice, at: rig.time))
        #expect(try head(rig, RepoRig.alice, .author) == "RepoNotFound")
        // A space made again under the name goes on above the old revision; a new write makes a repo live again.
        let commit = try #require(try rig.write([RepoRig.put("b", "new")], by: RepoRig.bob).commit)
        #expect(commit.spaceRev > revision && commit.previousSpaceRev == revision)
        #expect(try head(rig, RepoRig.bob, .reader) == nil)
        #expect(try rig.records(RepoRig.bob).count == 2)
    }

    @Test func purgingTakesEveryRepo() throws {
        let rig = try RepoRig()
        for author in [RepoRig.authority, RepoRig.alice] { try rig.write([RepoRig.put("a", author)], by: author) }
        let other = try SpaceURI("at://did:web:authority.example/space/com.example.forum/other")
        try rig.write([RepoRig.put("a", "1")], to: other)
        let repos = rig.repos
        try rig.store.transact(at: rig.time) { try repos.writer($0).deleteSpace(RepoRig.space, purge: true) }
        #expect(try head(rig, RepoRig.alice, .author) == "RepoNotFound")
        #expect(try rig.records(RepoRig.alice, other).count == 1)
        try rig.repos.sweep(at: rig.time)
        #expect(try rows(rig, "record") == 1)
    }

    @Test func aTakenDownRepoIsHiddenFromReadersOnly() throws {
        let rig = try RepoRig()
        try rig.write([RepoRig.put("a", "1")])
        let repos = rig.repos
        func set(_ isDown: Bool) throws {
            let found = try rig.store.transact(at: rig.time) { change in
                try [RepoRig.alice, RepoRig.bob].map {
                    try repos.writer(change).setTakenDown(isDown, space: RepoRig.space, author: $0)
                }
            }
            #expect(found == [true, false], "nobody else has a repo there")
        }
        try set(true)
        #expect(try head(rig, RepoRig.alice, .reader) == "RepoTakendown")
        #expect(try head(rig, RepoRig.alice, .author) == nil)
        // Writing does not lift it.
        try rig.write([RepoRig.put("b", "1")])
        #expect(try head(rig, RepoRig.alice, .reader) == "RepoTakendown")
        #expect(
            try rig.repos.read { try $0.records(of: RepoRig.space, RecordListing(), limits: rig.limits) }.records
                .isEmpty)
        try set(false)
        #expect(try head(rig, RepoRig.alice, .reader) == nil)
    }

    @Test func deletingAnAccountLeavesNothingOfIt() throws {
        let rig = try RepoRig()
        let other = try SpaceURI("at://did:web:elsewhere.example/space/com.example.forum/main")
        for space in [RepoRig.space, other] {
            try rig.write([RepoRig.put("a", "1")], to: space, key: "key \(space.authority)")
            try rig.write([RepoRig.put("a", "1")], by: RepoRig.bob, to: space)
        }
        _ = try rig.repos.uploadBlob([1, 2, 3], mimeType: "image/png", account: RepoRig.alice, at: rig.time)
        let repos = rig.repos
        try rig.store.transact(at: rig.time) { try repos.writer($0).deleteAccount(RepoRig.alice) }
        try rig.repos.sweep(at: rig.time)
        for space in [RepoRig.space, other] {
            #expect(try rig.head(RepoRig.alice, space) == nil)
            #expect(try rig.records(RepoRig.bob, space).count == 1)
        }
        #expect(try rows(rig, "blob") == 0 && rows(rig, "write_key") == 0 && rows(rig, "write_budget") == 1)
        #expect(try rows(rig, "record") == 2)
    }
}
