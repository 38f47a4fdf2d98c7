import ATProto
import CapTesting
import CapabilityGraph
import Dispatch
import Glibc
import Storage
import Testing
import UCAN

@testable import Spaces

/// Who may read and write which records, and what the others are told (atproto-spaces.md 5, 13; readings 6, 7, 9).
@Suite struct GateRecordTests {
    private let rig: SpaceRig
    private let forum: SpaceURI

    init() throws {
        rig = try SpaceRig()
        forum = try rig.create("forum")
    }

    private func reads(_ name: String, of author: String, in space: SpaceURI? = nil) throws -> String? {
        try rig.refusal(
            .readRecords(author: try rig.did(author)), try rig.session(name), on: space ?? forum)
    }

    private func writes(_ name: String, _ action: WriteAction = .create, in space: SpaceURI? = nil) throws -> String? {
        try rig.refusal(try rig.write(name, action), try rig.session(name), on: space ?? forum)
    }

    struct Level: Sendable {
        let access: MemberAccess
        let read: String?
        let write: String?

        static let all = [
            Level(access: .reader, read: nil, write: "WriteNotAuthorized"),
            Level(access: .writer, read: nil, write: nil),
            Level(access: .readSelf, read: "RepoNotFound", write: "WriteNotAuthorized"),
            Level(access: .write, read: "RepoNotFound", write: nil),
            Level(access: [], read: "RepoNotFound", write: "WriteNotAuthorized"),
            Level(access: .manage, read: "RepoNotFound", write: "WriteNotAuthorized"),
        ]
    }

    @Test(arguments: Level.all)
    func levelsSayWhoReadsOthersAndWhoWrites(_ level: Level) throws {
        let (access, read, write) = (level.access, level.read, level.write)
        try rig.add("bob", to: forum, access)
        #expect(try reads("bob", of: "alice") == read)
        #expect(try writes("bob") == write)
        #expect(try writes("bob", .put) == write)
        #expect(try writes("bob", .delete) == write)
        #expect(try reads("bob", of: "bob") == nil)
    }

    @Test func theOwnerReadsAndWritesWithoutStandingOnTheList() throws {
        #expect(try reads("alice", of: "bob") == nil)
        #expect(try writes("alice") == nil)
    }

    @Test func strangersLearnNothing() throws {
        let absent = try rig.uri("absent")
        #expect(try reads("carol", of: "alice") == "RepoNotFound")
        #expect(try reads("carol", of: "alice", in: absent) == "RepoNotFound")
        #expect(try writes("carol") == "SpaceNotFound")
        #expect(try writes("carol", in: absent) == "SpaceNotFound")
        #expect(try writes("alice", in: absent) == "SpaceNotFound")
        #expect(try reads("alice", of: "bob", in: absent) == "RepoNotFound")
    }

    @Test func nobodyWritesInAnothersRepo() throws {
        try rig.add("bob", to: forum, .writer)
        let refusal = try rig.refusal(try rig.write("alice"), try rig.session("bob"), on: forum)
        #expect(refusal == "Forbidden")
    }

    @Test func spacesHeldElsewhereTakeWritesOfTheirHostsOwnAccounts() throws {
        let foreign = try SpaceURI("at://did:web:other.example/space/com.example.forum/main")
        #expect(try writes("bob", in: foreign) == nil)
        #expect(try reads("bob", of: "bob", in: foreign) == nil)
        #expect(try reads("bob", of: "carol", in: foreign) == "RepoNotFound")
    }

    @Test func aRemovedMemberReadsNoMore() throws {
        try rig.add("bob", to: forum, .writer)
        let held = try rig.permit(.readRecords(author: try rig.did("alice")), "bob", on: forum)
        try rig.remove("bob", from: forum)
        #expect(try reads("bob", of: "alice") == "RepoNotFound")
        #expect(try writes("bob") == "SpaceNotFound")
        // A permit taken before does not outlive what it rested on.
        #expect(throws: AccessRefusal.self) {
            try rig.store.transact(at: rig.start) { _ = try held.confirmed(in: $0) }
        }
    }

    @Test func publicPoliciesAdmitEverybodyWithAnAccount() throws {
        try rig.update(forum, #"{"readPolicy":"public"}"#)
        #expect(try reads("carol", of: "alice") == nil)
        #expect(try writes("carol") == "WriteNotAuthorized")
        try rig.update(forum, #"{"mintPolicy":"public"}"#)
        #expect(try writes("carol") == nil)
        #expect(try rig.refusal(.readRecords(author: try rig.did("alice")), .anonymous, on: forum) == "AuthMissing")
        try rig.update(forum, #"{"policy":{"$type":"com.atproto.simplespace.defs#memberListPolicy"}}"#)
        #expect(try reads("carol", of: "alice") == "RepoNotFound")
        #expect(try writes("carol") == "SpaceNotFound")
    }

    @Test func recordsMadePublicAreReadByAnybody() throws {
        let operation = Spaces.Operation.readRecords(author: try rig.did("alice"))
        try rig.update(forum, #"{"config":{"records_public":true}}"#)
        #expect(try rig.refusal(operation, .anonymous, on: forum) == nil)
        try rig.update(forum, #"{"config":{"recordsPublic":false}}"#)
        #expect(try rig.refusal(operation, .anonymous, on: forum) == "AuthMissing")
    }

    @Test func aManagingApplicationTakesThePlaceOfTheList() throws {
        try rig.add("bob", to: forum, .writer)
        try rig.update(forum, #"{"policy":"managing-app","managingApp":"did:web:app.example#forum"}"#)
        #expect(try reads("bob", of: "alice") == "RepoNotFound")
        #expect(try writes("bob") == "WriteNotAuthorized")
        rig.apps.admit(try rig.did("bob"))
        #expect(try writes("bob") == nil)
        #expect(rig.apps.asked.last?.access == .write)
        #expect(rig.apps.asked.last?.clientID == nil)
        // The authority is never asked about.
        let count = rig.apps.asked.count
        #expect(try writes("alice") == nil)
        #expect(rig.apps.asked.count == count)
        try rig.update(forum, #"{"policy":"member-list"}"#)
        #expect(try reads("bob", of: "alice") == nil)
        #expect(try writes("bob") == nil)
        #expect(rig.apps.asked.count == count)
    }

    /// Nobody is called for a write of nothing, and for one caller not more than twice at once.
    @Test func aManagingApplicationIsAskedLittleAtOnce() throws {
        try rig.update(forum, #"{"policy":"managing-app","managingApp":"did:web:app.example#forum"}"#)
        let bob = try rig.did("bob")
        #expect(try rig.refusal(.write(author: bob, []), rig.session("bob"), on: forum) == "WriteNotAuthorized")
        #expect(rig.apps.asked.isEmpty)
        let (gate, waiting) = (DispatchSemaphore(value: 0), DispatchGroup())
        rig.apps.whenAsked.withLock { $0 = { gate.wait() } }
        let (caller, operation) = (try rig.session("bob"), try rig.write("bob"))
        let (rig, forum) = (self.rig, self.forum)
        for count in 1...2 {
            DispatchQueue.global().async(group: waiting) {
                _ = try? rig.gate.permit(operation, caller, on: forum, at: rig.start)
            }
            while rig.apps.asked.count < count { sched_yield() }
        }
        rig.apps.whenAsked.withLock { $0 = nil }
        #expect(throws: RateLimitExceeded.self) {
            try rig.gate.permit(operation, caller, on: forum, at: rig.start)
        }
        #expect(rig.apps.asked.count == 2)
        #expect(try writes("carol") == "WriteNotAuthorized", "others are not concerned")
        for _ in 0..<2 { gate.signal() }
        waiting.wait()
        rig.apps.admit(bob)
        #expect(try writes("bob") == nil)
    }

    @Test func anAppListBindsDirectReadingToo() throws {
        try rig.add("bob", to: forum, .writer)
        try rig.update(
            forum,
            #"{"appAccess":{"$type":"com.atproto.simplespace.defs#allowList","allowed":["https://a.example/c"]}}"#)
        #expect(try reads("bob", of: "alice") == "AppNotAuthorized")
        #expect(try reads("alice", of: "bob") == "AppNotAuthorized")
        #expect(try reads("carol", of: "alice") == "RepoNotFound")
        #expect(try reads("bob", of: "bob") == nil)
        #expect(try writes("bob") == nil)
    }

    @Test func anAppListBindsFollowingAndListingToo() throws {
        try rig.add("bob", to: forum, .reader)
        let operations = [Spaces.Operation.listRepos, .registerNotify, .watch]
        for operation in operations { #expect(try rig.refusal(operation, try rig.session("bob"), on: forum) == nil) }
        try rig.update(
            forum,
            #"{"appAccess":{"$type":"com.atproto.simplespace.defs#allowList","allowed":["https://a.example/c"]}}"#)
        for operation in operations {
            #expect(try rig.refusal(operation, try rig.session("bob"), on: forum) == "AppNotAuthorized")
        }
    }

    @Test func nothingIsKeptOfStrangers() throws {
        let stranger = try DID("did:web:stranger.example")
        let caller = Caller.service(issuer: stranger, audience: "did:web:here.example", method: "x")
        let elsewhere = try SpaceURI(authority: stranger.text, type: SpaceRig.type, skey: "own")
        let write = Spaces.Operation.write(author: stranger, [WriteItem(.create, collection: "com.example.post")])
        #expect(try rig.refusal(write, caller, on: elsewhere) == "Forbidden")
        func uploads(_ caller: Caller) -> Bool {
            (try? rig.gate.permit(account: .uploadBlob(mimeType: "image/png"), caller, at: rig.start)) != nil
        }
        #expect(!uploads(caller))
        #expect(uploads(try rig.session("bob")))
        _ = try rig.members.add(
            try rig.permit(.manageMembers, "alice", on: forum),
            try SpaceMembers.Addition(
                name: stranger.text, isSpace: false, access: .writer, usual: .writer, refusesExisting: false),
            at: rig.start)
        #expect(uploads(caller))
    }

    @Test func aManagingAppAdmitsNoUseThatAnInvocationDoesNotName() throws {
        let user = try rig.did("bob")
        try rig.update(
            forum,
            #"{"writePolicy":{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"did:web:app.example"}}"#
        )
        rig.apps.admit(user)
        func writes(by ability: Ability) throws -> String? {
            let named = Capability(resource: .atproto(space: try Space(forum), path: nil), ability: ability)
            let caller = Caller.invocation(InvocationQuestion(invoker: user, proofs: [], capabilities: [named]))
            return try rig.refusal(try rig.write("bob"), caller, on: forum)
        }
        #expect(try writes(by: .spaceRead) != nil)
    }

    @Test func afterDeletionOwnRecordsStayTheirAuthors() throws {
        try rig.add("bob", to: forum, .writer)
        try rig.delete(forum)
        #expect(try reads("bob", of: "bob") == nil)
        #expect(try writes("bob", .delete) == "SpaceNotFound", "who has no repo there is told as little as anybody")
        let (uri, bob) = (forum.text, try rig.did("bob").text)
        try rig.store.transact(at: rig.start) { change in
            try change.run("INSERT INTO space_revision(uri, rev) VALUES(?1, NULL)", [.text(uri)])
            try change.run(
                """
                INSERT INTO repo(space, author, status, rev, record_count, operation_count, pruned_through, digest, \
                state) SELECT id, ?2, 1, 1, 0, 0, 0, x'00', x'00' FROM space_revision WHERE uri = ?1
                """, [.text(uri), .text(bob)])
        }
        #expect(try writes("bob", .delete) == nil)
        #expect(try writes("bob", .create) == "SpaceNotFound")
        #expect(try reads("bob", of: "alice") == "SpaceDeleted")
        #expect(try reads("carol", of: "alice") == "RepoNotFound")
        for operation in [Spaces.Operation.listRepos, .readSettings, .mintDelegation, .registerNotify] {
            #expect(try rig.refusal(operation, try rig.session("bob"), on: forum) == "SpaceDeleted")
            #expect(try rig.refusal(operation, try rig.session("carol"), on: forum) == "SpaceNotFound")
            #expect(try rig.refusal(operation, try rig.session("alice"), on: forum) == "SpaceDeleted")
        }
        #expect(try rig.refusal(.deleteSpace, try rig.session("alice"), on: forum) == nil)
        try rig.delete(forum)
    }

    @Test func collectionsBeyondTheConfiguredOnesAreRefused() throws {
        try rig.update(forum, #"{"config":{"allowedCollections":["com.example.vote"]}}"#)
        let refused = #expect(throws: ATProtoError.self) {
            try rig.gate.permit(try rig.write("alice"), try rig.session("alice"), on: forum, at: rig.start)
        }
        #expect(refused?.name == "InvalidRequest")
        #expect(try writes("alice", .delete) == nil)
    }

    @Test func appPasswordsHaveNoRightsUnlessGranted() throws {
        let operation = try rig.write("alice")
        #expect(
            try rig.refusal(operation, try rig.session("alice", .appPassword), on: forum) == "InsufficientScope")
        let open = try SpaceRig(allowsAppPasswords: true)
        let space = try open.create("forum")
        #expect(try open.refusal(operation, try open.session("alice", .appPassword), on: space) == nil)
    }

    @Test func scopesBoundWhatAnAppDoes() throws {
        func scoped(_ text: String) throws -> Caller {
            try rig.session(
                "alice",
                .oauth(
                    scopes: SpaceScopes(parsing: text).granted(by: try rig.did("alice").text) { _ in [] }.scopes,
                    clientID: "https://app.example/c"))
        }
        let posts = try scoped("space:com.example.forum?collection=com.example.post&action=create&action=read_self")
        #expect(try rig.refusal(try rig.write("alice"), posts, on: forum) == nil)
        #expect(try rig.refusal(try rig.write("alice", .delete), posts, on: forum) == "InsufficientScope")
        #expect(try rig.refusal(.readRecords(author: try rig.did("alice")), posts, on: forum) == nil)
        #expect(try rig.refusal(.readRecords(author: try rig.did("bob")), posts, on: forum) == "InsufficientScope")
        #expect(try rig.refusal(.mintDelegation, posts, on: forum) == "InsufficientScope")
        #expect(try rig.refusal(.updateSpace, posts, on: forum) == "InsufficientScope")
        // What a put turns out to be is known later.
        let permit = try rig.gate.permit(try rig.write("alice", .put), posts, on: forum, at: rig.start)
        #expect(permit.allows(.create, collection: "com.example.post"))
        #expect(!permit.allows(.update, collection: "com.example.post"))
        #expect(throws: AccessRefusal.self) { try permit.require(.update, collection: "com.example.post") }
        let manager = try scoped("space:com.example.forum?manage=update")
        #expect(try rig.refusal(.updateSpace, manager, on: forum) == nil)
        #expect(try rig.refusal(.deleteSpace, manager, on: forum) == "InsufficientScope")
    }

    @Test func aSessionThatEndedDoesNothing() throws {
        let caller = try rig.session("alice")
        let question = CheckQuestion(
            principal: try DID(session: "s-alice"), ability: .accountUse,
            resource: .account(try rig.did("alice")))
        guard case .allow(let allowance) = rig.store.unprovenSnapshot().check(question, at: rig.start) else {
            Issue.record("no session")
            return
        }
        let edge = try #require(allowance.route.first?.edge)
        let alice = try rig.did("alice")
        try rig.store.transact(at: rig.start) { try $0.end(edge, by: alice, reason: "loggedOut") }
        #expect(try rig.refusal(.readSettings, caller, on: forum) == "AuthMissing")
        #expect(try rig.refusal(.readRecords(author: alice), caller, on: forum) == "AuthMissing")
    }
}
