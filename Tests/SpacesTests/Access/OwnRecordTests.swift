import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// What is one's own stays one's own to look at and to take away, whatever became of one's membership, of the space or
/// of its rules, and by whatever an author calls; nobody else gains by it (atproto-spaces.md 5, 13.1, 18).
@Suite struct OwnRecordTests {
    private let rig: SpaceRig
    private let repos: RepoStore
    private let forum: SpaceURI
    private let bob: DID

    init() throws {
        rig = try SpaceRig(allowsAppPasswords: true)
        repos = RepoStore(rig.store)
        forum = try rig.create("forum")
        bob = try rig.did("bob")
        try rig.add("bob", to: forum, .writer)
        for rkey in ["a", "b", "c"] { try put(rkey) }
    }

    private func put(_ rkey: String, by name: String = "bob", in space: SpaceURI? = nil) throws {
        let space = space ?? forum
        let batch = WriteBatch(space: space, author: try rig.did(name).text, writes: [try RepoRig.put(rkey, rkey)])
        let permit = try rig.permit(batch.operation, name, on: space)
        _ = try repos.applyWrites(permit, batch, at: rig.start)
    }

    private func delete(
        _ rkey: String, _ caller: Caller? = nil, swapCommit: String? = nil
    ) throws -> WriteOutcome {
        let batch = WriteBatch(
            space: forum, author: bob.text, writes: [try RepoRig.delete(rkey)], swapCommit: swapCommit)
        let permit = try rig.gate.permit(
            batch.operation, try caller ?? rig.session("bob"), on: forum, at: rig.start)
        return try repos.applyWrites(permit, batch, at: rig.start)
    }

    private func write(_ actions: WriteAction...) -> Spaces.Operation {
        .write(author: bob, actions.map { WriteItem($0, collection: SpaceRig.post) })
    }

    private func deleteSpace() throws {
        let deletion = SpaceDeletion(store: rig.store, neighbours: [OrphaningStep(repos: repos)])
        try deletion.delete(try rig.permit(.deleteSpace, "alice", on: forum), at: rig.start)
    }

    private struct OrphaningStep: SpaceDeletionStep {
        let repos: RepoStore

        func delete(_ space: SpaceURI, purgesMemberData: Bool, in transaction: StoreTransaction) throws {
            try repos.writer(transaction).deleteSpace(space, purge: purgesMemberData)
        }
    }

    /// What may befall an author, and what is said of the writes that are not its to make any more.
    enum Fate: CaseIterable {
        case removed, reader, narrowed, nothing, managed, appsListed, deleted, again

        var refusal: String {
            switch self {
            case .removed, .deleted, .again: "SpaceNotFound"
            case .reader, .narrowed, .nothing, .managed, .appsListed: "WriteNotAuthorized"
            }
        }
    }

    private func meet(_ fate: Fate) throws {
        switch fate {
        case .removed: try rig.remove("bob", from: forum)
        case .reader: try rig.add("bob", to: forum, .reader)
        case .narrowed: try rig.add("bob", to: forum, .readSelf)
        case .nothing: try rig.add("bob", to: forum, [])
        case .managed: try rig.update(forum, #"{"policy":"managing-app","managingApp":"did:web:app.example#forum"}"#)
        case .appsListed:
            try rig.add("bob", to: forum, .reader)
            try rig.update(forum, #"{"appAccess":{"type":"allowList","allowed":["https://a.example/c"]}}"#)
        case .deleted: try deleteSpace()
        case .again:
            try deleteSpace()
            try rig.create("forum")
        }
    }

    @Test(arguments: Fate.allCases)
    func anAuthorTakesAwayItsOwnAndChangesNothing(_ fate: Fate) throws {
        // A second addition does not lower a member's level.
        if [.reader, .narrowed, .nothing, .appsListed].contains(fate) { try rig.remove("bob", from: forum) }
        try meet(fate)
        let session = try rig.session("bob")
        #expect(try rig.refusal(write(.delete), session, on: forum) == nil)
        #expect(try rig.refusal(write(.delete, .delete), session, on: forum) == nil)
        #expect(rig.apps.asked.isEmpty, "no application is asked about what is the author's own")
        for actions in [[WriteAction.create], [.update], [.put], [.delete, .create], [.update, .delete]] {
            let operation = Spaces.Operation.write(
                author: bob, actions.map { WriteItem($0, collection: SpaceRig.post) })
            #expect(try rig.refusal(operation, session, on: forum) == fate.refusal, "\(actions)")
        }
        #expect(try rig.refusal(.readRecords(author: bob), session, on: forum) == nil)
        #expect(try rig.refusal(.deleteRepo(author: bob), session, on: forum) == nil)
        // Nobody else takes it away, not even who manages the space.
        for name in ["alice", "carol"] {
            #expect(try rig.refusal(write(.delete), try rig.session(name), on: forum) == "Forbidden")
            #expect(try rig.refusal(.deleteRepo(author: bob), try rig.session(name), on: forum) == "Forbidden")
        }
        // Who has no repo there is told what everybody is.
        let carols = Spaces.Operation.write(
            author: try rig.did("carol"), [WriteItem(.delete, collection: SpaceRig.post)])
        let told = try rig.refusal(carols, try rig.session("carol"), on: forum)
        #expect(told == (fate == .managed ? "WriteNotAuthorized" : "SpaceNotFound"))
        #expect(try delete("a").results.first?.action == .delete)
        try repos.deleteRepo(try rig.permit(.deleteRepo(author: bob), "bob", on: forum), at: rig.start)
        // With the repo the right is gone.
        #expect(try rig.refusal(write(.delete), session, on: forum) == fate.refusal)
    }

    @Test func whatAnAuthorCallsByBoundsItAsEverywhere() throws {
        try rig.remove("bob", from: forum)
        func scoped(_ text: String) throws -> Caller {
            let scopes = SpaceScopes(parsing: text).granted(by: bob.text) { _ in [] }.scopes
            return try rig.session("bob", .oauth(scopes: scopes, clientID: "https://app.example/c"))
        }
        func invoked(_ ability: Ability, _ path: String?, by invoker: DID? = nil) throws -> Caller {
            let named = Capability(resource: .atproto(space: try Space(forum), path: path), ability: ability)
            return .invocation(InvocationQuestion(invoker: invoker ?? bob, proofs: [], capabilities: [named]))
        }
        let forumScope = "space:\(SpaceRig.type)?authority=*&collection="
        let key = try PrivateKey.generate(.p256).did
        let callers: [(Caller, String?)] = [
            (try rig.session("bob"), nil), (try rig.session("bob", .appPassword), nil),
            (try scoped(forumScope + SpaceRig.post + "&action=delete"), nil),
            (try scoped(forumScope + SpaceRig.post + "&action=create&action=update"), "InsufficientScope"),
            (try scoped(forumScope + "com.example.vote&action=delete"), "InsufficientScope"),
            (try scoped("space:com.example.other?authority=*&collection=*"), "InsufficientScope"),
            (.service(issuer: bob, audience: "did:web:here.example", method: "x"), nil),
            (try invoked(.spaceDelete, nil), nil), (try invoked(.spaceWrite, bob.text), nil),
            (try invoked(.spaceDelete, "\(bob.text)/\(SpaceRig.post)"), nil),
            (try invoked(.spaceDelete, "\(bob.text)/com.example.vote"), "SpaceNotFound"),
            (try invoked(.spaceRead, nil), "SpaceNotFound"),
            (try invoked(.spaceDelete, nil, by: try rig.did("carol")), "SpaceNotFound"),
            (.anonymous, "AuthMissing"),
            (.credential(space: forum, key: key, edge: id("x"), jti: "x", expires: rig.start), "Forbidden"),
            (
                .delegation(
                    user: bob, space: forum, mark: ReplayMark(statement: digest(of: "m"), expiresAt: 0),
                    expires: rig.start,
                    token: [], app: nil), "Forbidden"
            ),
        ]
        for (place, (caller, expected)) in callers.enumerated() {
            #expect(try rig.refusal(write(.delete), caller, on: forum) == expected, "caller \(place)")
            #expect(try rig.refusal(write(.create), caller, on: forum) != nil, "caller \(place)")
        }
        let closed = try SpaceRig()
        let other = try closed.create("forum")
        #expect(
            try closed.refusal(write(.delete), try closed.session("bob", .appPassword), on: other)
                == "InsufficientScope")
    }

    private func digest(of text: String) -> Digest { BLAKE3.hash(Array(text.utf8)) }
    private func id(_ text: String) -> Multihash { Multihash(code: .blake3_256, digest: digest(of: text)) }

    private func spaceRevision() throws -> TID? { try repos.read { try $0.revision(of: forum) } }

    private func listed() throws -> SpaceWriter? {
        try repos.read { try $0.writers(of: forum, after: nil as TID?, limit: 9) }.writers.first { $0.did == bob.text }
    }

    @Test func followersHearOfWhatARemovedAuthorTakesAway() throws {
        let before = try #require(try listed())
        try rig.remove("bob", from: forum)
        let commit = try #require(try delete("a").commit)
        let after = try #require(try listed())
        #expect(after.rev == commit.rev && after.hash == commit.hash && after.spaceRev > before.spaceRev)
        #expect(try spaceRevision() == after.spaceRev)
    }

    @Test func whatWasOrphanedComesBackToNobodyThroughADeletion() throws {
        try deleteSpace()
        try rig.create("forum")
        try put("hello", by: "alice")
        let revision = try spaceRevision()
        #expect(try delete("a").commit != nil)
        #expect(try spaceRevision() == revision && listed() == nil, "the space that was made anew has not advanced")
        let head = try repos.read { try $0.head(space: forum, author: bob.text) }
        #expect(head?.status == .orphaned && head?.recordCount == 2)
        #expect(throws: ATProtoError.self) {
            try repos.read(try rig.permit(.readRecords(author: bob), "alice", on: forum), of: bob) { _, _ in }
        }
        let page = try repos.records(try rig.permit(.readRecords(author: nil), "alice", on: forum), RecordListing())
        #expect(page.records.map(\.rkey) == ["hello"])
    }

    /// Whether a guess at the space's revision is right would tell an outsider that others are writing.
    @Test func aRemovedAuthorComparesNoRevisionOfTheSpace() throws {
        let known = try #require(try spaceRevision()).text
        try rig.remove("bob", from: forum)
        for guess in [known, "", "3kbcq3p7ad400"] {
            let refused = #expect(throws: ATProtoError.self) { try delete("a", swapCommit: guess) }
            #expect(refused?.name == "InvalidSwap")
        }
        #expect(try delete("a").commit != nil)
    }

    /// A permit that rested on the membership is asked for again inside the transaction.
    @Test func aRepoThatWentMeanwhileIsNoGroundForADeletion() throws {
        let batch = WriteBatch(space: forum, author: bob.text, writes: [try RepoRig.delete("a", ifPresent: true)])
        let permit = try rig.permit(batch.operation, "bob", on: forum)
        try rig.remove("bob", from: forum)
        #expect(try repos.applyWrites(permit, batch, at: rig.start).commit != nil, "it is the author's own by now")
        try repos.deleteRepo(try rig.permit(.deleteRepo(author: bob), "bob", on: forum), at: rig.start)
        #expect(throws: AccessRefusal.self) { try repos.applyWrites(permit, batch, at: rig.start) }
    }
}
