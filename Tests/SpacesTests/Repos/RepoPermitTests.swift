import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Effects on repos take the permit of their own operation, and it is asked again in their transaction (design law 5).
@Suite struct RepoPermitTests {
    private let rig: SpaceRig
    private let repos: RepoStore
    private let forum: SpaceURI

    init() throws {
        rig = try SpaceRig()
        repos = RepoStore(rig.store)
        forum = try rig.create("forum")
    }

    private func put(_ rkey: String, by name: String, to space: SpaceURI? = nil) throws -> WriteBatch {
        WriteBatch(space: space ?? forum, author: try rig.did(name).text, writes: [try RepoRig.put(rkey, name)])
    }

    private func write(_ batch: WriteBatch, _ caller: Caller) throws -> String? {
        do {
            let permit = try rig.gate.permit(batch.operation, caller, on: batch.space, at: rig.start)
            _ = try repos.applyWrites(permit, batch, at: rig.start)
            return nil
        } catch let refusal as AccessRefusal {
            return refusal.name
        }
    }

    private func reads(_ reader: String, of author: String, in space: SpaceURI? = nil) throws -> String? {
        let author = try rig.did(author)
        do {
            let permit = try rig.permit(.readRecords(author: author), reader, on: space ?? forum)
            try repos.read(permit, of: author) { _, _ in }
            return nil
        } catch let refusal as AccessRefusal {
            return refusal.name
        } catch let refusal as ATProtoError {
            return refusal.name
        }
    }

    @Test func whetherAPutCreatesOrUpdatesIsCoveredInsideTheTransaction() throws {
        func scoped(_ action: String) throws -> Caller {
            let text = "space:com.example.forum?collection=com.example.post&action=\(action)"
            let scopes = SpaceScopes(parsing: text).granted(by: try rig.did("alice").text) { _ in [] }.scopes
            return try rig.session("alice", .oauth(scopes: scopes, clientID: "https://app.example/c"))
        }
        #expect(try write(put("a", by: "alice"), scoped("update")) == "InsufficientScope")
        #expect(try write(put("a", by: "alice"), scoped("create")) == nil)
        #expect(try write(put("a", by: "alice"), scoped("create")) == "InsufficientScope")
        #expect(try write(put("a", by: "alice"), scoped("update")) == nil)
        #expect(try write(put("a", by: "alice"), scoped("delete")) == "InsufficientScope")
    }

    @Test func aPermitThatLostWhatItRestsOnWritesNothing() throws {
        try rig.add("bob", to: forum, .writer)
        let batch = try put("a", by: "bob")
        let permit = try rig.permit(batch.operation, "bob", on: forum)
        try rig.remove("bob", from: forum)
        #expect(throws: AccessRefusal.self) { try repos.applyWrites(permit, batch, at: rig.start) }
        #expect(try reads("bob", of: "bob") == "RepoNotFound")
    }

    @Test func aPermitIsForItsOwnOperationOnly() throws {
        try rig.add("bob", to: forum, .writer)
        let other = try put("b", by: "bob")
        let deletion = WriteBatch(
            space: forum, author: try rig.did("bob").text, writes: [try RepoRig.delete("a", ifPresent: true)])
        let permit = try rig.permit(deletion.operation, "bob", on: forum)
        #expect(throws: AccessRefusal.self) { try repos.applyWrites(permit, other, at: rig.start) }
        #expect(throws: AccessRefusal.self) { try repos.deleteRepo(permit, at: rig.start) }
        #expect(throws: AccessRefusal.self) { try repos.read(permit) { _, _ in } }
        let bob = try rig.did("bob")
        let reading = try rig.permit(.readRecords(author: bob), "bob", on: forum)
        #expect(throws: AccessRefusal.self) { try repos.read(reading, of: rig.did("alice")) { _, _ in } }
        #expect(throws: AccessRefusal.self) {
            _ = try repos.writers(reading) { try $0.writers(of: $1, after: nil as TID?, limit: 1) }
        }
        #expect(throws: AccessRefusal.self) {
            _ = try repos.export(reading, of: rig.did("alice"), excludeValues: true, from: "a")
        }
        let invite = try rig.gate.permit(account: .acceptInvite, try rig.session("bob"), at: rig.start)
        #expect(throws: AccessRefusal.self) {
            _ = try repos.uploadBlob(invite, [1], at: rig.start)
        }
    }

    @Test func anAppUploadsTheMediaTypesItsScopesName() throws {
        func refusal(_ scope: String?, _ type: String) throws -> String? {
            let blobs = scope.map { BlobScopes(parsing: $0) }
            let grant = blobs.map { SessionGrant.oauth(scopes: [], clientID: "https://app.example/c", blobs: $0) }
            do {
                let permit = try rig.gate.permit(
                    account: .uploadBlob(mimeType: type), try rig.session("alice", grant ?? .full), at: rig.start)
                return try repos.uploadBlob(permit, [1, 2], at: rig.start).mimeType == type ? nil : "other type"
            } catch let refusal as AccessRefusal {
                return refusal.name
            }
        }
        #expect(try refusal(nil, "image/png") == nil)
        #expect(try refusal("blob:image/*", "image/png") == nil)
        #expect(try refusal("blob:image/*", "video/mp4") == "InsufficientScope")
        #expect(try refusal("space:*", "image/png") == "InsufficientScope")
    }

    @Test func onlyASpaceThatIsHereListsItsWriters() throws {
        let foreign = try SpaceURI("at://did:web:other.example/space/com.example.forum/main")
        #expect(try write(put("a", by: "alice"), rig.session("alice")) == nil)
        #expect(try write(put("a", by: "alice", to: foreign), rig.session("alice")) == nil)
        func writers(_ space: SpaceURI) throws -> Int {
            try repos.read { try $0.writers(of: space, after: nil as TID?, limit: 9) }.writers.count
        }
        #expect(try writers(forum) == 1)
        #expect(try writers(foreign) == 0)
    }

    @Test func whatIsTakenFromAnOrphanedRepoDoesNotBringItBack() throws {
        try rig.add("bob", to: forum, .writer)
        let deletion = SpaceDeletion(store: rig.store, neighbours: [OrphaningStep(repos: repos)])
        #expect(try write(put("a", by: "bob"), rig.session("bob")) == nil)
        #expect(try write(put("b", by: "bob"), rig.session("bob")) == nil)
        try deletion.delete(try rig.permit(.deleteSpace, "alice", on: forum), at: rig.start)
        #expect(try reads("bob", of: "bob") == nil)
        let batch = WriteBatch(space: forum, author: try rig.did("bob").text, writes: [try RepoRig.delete("a")])
        #expect(try write(batch, rig.session("bob")) == nil)
        let head = try repos.read { try $0.head(space: forum, author: rig.did("bob").text) }
        #expect(head?.status == .orphaned && head?.recordCount == 1)
        // Made again, the space does not show it until its author writes as a member again.
        _ = try rig.create("forum")
        #expect(try reads("alice", of: "bob") == "RepoNotFound")
        try rig.add("bob", to: forum, .writer)
        #expect(try write(put("c", by: "bob"), rig.session("bob")) == nil)
        #expect(try reads("alice", of: "bob") == nil)
    }

    private struct OrphaningStep: SpaceDeletionStep {
        let repos: RepoStore

        func delete(_ space: SpaceURI, purgesMemberData: Bool, in transaction: StoreTransaction) throws {
            try repos.writer(transaction).deleteSpace(space, purge: purgesMemberData)
        }
    }

    @Test func deletingARepoNeedsAScopeForAllOfIt() throws {
        #expect(try write(put("a", by: "alice"), rig.session("alice")) == nil)
        let alice = try rig.did("alice")
        func delete(_ scope: String?) throws -> String? {
            var grant = SessionGrant.full
            if let scope {
                let scopes = SpaceScopes(parsing: scope).granted(by: alice.text) { _ in [] }.scopes
                grant = .oauth(scopes: scopes, clientID: "https://app.example/c")
            }
            return try rig.refusal(.deleteRepo(author: alice), try rig.session("alice", grant), on: forum)
        }
        #expect(try delete(nil) == nil)
        #expect(try delete("space:com.example.forum?collection=*&action=delete") == nil)
        #expect(try delete("space:com.example.forum?collection=com.example.post&action=delete") == "InsufficientScope")
        #expect(try delete("space:com.example.forum?collection=*&action=update") == "InsufficientScope")
        #expect(
            try rig.refusal(.deleteRepo(author: alice), try rig.session("bob"), on: forum) == "Forbidden")
    }

    @Test func accountsThatAreNotActiveAreHiddenFromReadersOnly() throws {
        let repos = RepoStore(rig.store, authors: Suspended())
        #expect(try write(put("a", by: "alice"), rig.session("alice")) == nil)
        try rig.add("bob", to: forum, .reader)
        let alice = try rig.did("alice")
        let others = try rig.permit(.readRecords(author: alice), "bob", on: forum)
        let refused = #expect(throws: ATProtoError.self) { try repos.read(others, of: alice) { _, _ in } }
        #expect(refused?.name == "RepoSuspended")
        #expect(throws: ATProtoError.self) { _ = try repos.export(others, of: alice, excludeValues: true, from: "a") }
        try repos.read(try rig.permit(.readRecords(author: alice), "alice", on: forum), of: alice) { _, _ in }
    }

    @Test func aRepoThatWasNotWrittenListsAsEmptyToWhoMayReadIt() throws {
        let repos = RepoStore(rig.store, authors: Hosts(names: try ["alice", "bob", "dan"].map(rig.did)))
        try rig.add("bob", to: forum, .reader)
        func lists(_ reader: String, of author: String, by repos: RepoStore? = nil) throws -> String {
            let author = try rig.did(author)
            do {
                let permit = try rig.permit(.readRecords(author: author), reader, on: forum)
                return try (repos ?? RepoStore(rig.store, authors: NoAuthors())).list(permit, of: author) {
                    try $0.records(of: $1, RecordListing(), limits: RepoLimits()).records.map(\.rkey).joined()
                }
            } catch let refusal as AccessRefusal {
                return refusal.name
            } catch let refusal as ATProtoError {
                return refusal.name
            }
        }
        for reader in ["alice", "bob"] {
            for author in ["alice", "bob", "dan"] { #expect(try lists(reader, of: author, by: repos) == "") }
            #expect(try lists(reader, of: "elsewhere", by: repos) == "RepoNotFound", "its host is another one")
            #expect(try lists(reader, of: reader) == "", "one's own, wherever one's account is")
        }
        for author in ["alice", "dan", "elsewhere"] {
            #expect(try lists("carol", of: author, by: repos) == "RepoNotFound")
        }
        #expect(try lists("carol", of: "carol", by: repos) == "")
        #expect(try lists("bob", of: "dan", by: RepoStore(rig.store, authors: Suspended())) == "RepoSuspended")
        #expect(try write(put("a", by: "alice"), rig.session("alice")) == nil)
        #expect(try lists("bob", of: "alice", by: repos) == "a")
        try repos.deleteRepo(
            try rig.permit(.deleteRepo(author: rig.did("alice")), "alice", on: forum), at: rig.start)
        #expect(try lists("bob", of: "alice", by: repos) == "")
    }

    private struct Hosts: RepoAuthors {
        let names: [DID]
        func signingKey(of author: DID) -> PrivateKey? { nil }
        func isHosted(_ author: DID) -> Bool { names.contains(author) }
        func refusalToReaders(of author: DID) -> ATProtoError? { nil }
        func refusalsToReaders() -> (DID, any TableReader) throws -> ATProtoError? { { _, _ in nil } }
    }

    private struct Suspended: RepoAuthors {
        func signingKey(of author: DID) -> PrivateKey? { nil }
        func isHosted(_ author: DID) -> Bool { true }
        func refusalToReaders(of author: DID) -> ATProtoError? { ATProtoError("RepoSuspended", "suspended") }
        func refusalsToReaders() -> (DID, any TableReader) throws -> ATProtoError? {
            { author, _ in refusalToReaders(of: author) }
        }
    }
}
