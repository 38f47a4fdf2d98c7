import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Lists of credentials, the news of revocations to other hosts, and the news from them (4.8).
@Suite struct RevocationStoreTests {
    private let rig: CredentialRig
    private let forum: SpaceURI

    init() throws {
        rig = try CredentialRig()
        forum = try rig.spaces.create("forum")
        try rig.spaces.add("bob", to: forum, .writer)
    }

    // MARK: Here

    @Test func managersSeeWhoseCredentialsThereAre() throws {
        let (first, second) = (try rig.mint("bob", on: forum), try rig.mint("alice", on: forum))
        try rig.spaces.remove("bob", from: forum)
        let permit = try rig.spaces.permit(.manageCredentials, "alice", on: forum)
        let (all, next) = try rig.credentials.list(permit, limit: 10, after: "", at: rig.start)
        #expect(next == nil && all.map(\.id) == [first.id, second.id].sorted())
        let bob = try rig.spaces.did("bob")
        let told = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0) })
        #expect(told[first.id]?.reason == "user_removed" && told[first.id]?.user == bob)
        #expect(
            told[second.id]?.reason == nil && told[second.id]?.expiresAt.microseconds == second.expiresAt * 1_000_000)
        let (page, more) = try rig.credentials.list(permit, limit: 1, after: "", at: rig.start)
        #expect(page.map(\.id) == [all[0].id] && more == all[0].id)
        #expect(try rig.credentials.list(permit, limit: 1, after: all[0].id, at: rig.start).next == nil)
    }

    @Test func nobodyElseListsOrRevokes() throws {
        let credential = try rig.mint("bob", on: forum)
        func refusal(_ caller: Caller) throws -> String? {
            try rig.spaces.refusal(.manageCredentials, caller, on: forum)
        }
        #expect(try refusal(.anonymous) == "AuthMissing")
        #expect(try refusal(try rig.spaces.session("bob")) == "NotSpaceOwner")
        #expect(try refusal(try rig.spaces.session("carol")) == "SpaceNotFound")
        #expect(try refusal(try rig.reader(credential)) == "Forbidden")
        let wrong = try rig.spaces.permit(.updateSpace, "alice", on: forum)
        #expect(rig.name { try rig.credentials.revoke(wrong, id: credential.id, at: rig.start) } == "Forbidden")
        try rig.spaces.add("bob", to: forum, [.read, .manage])
        #expect(try refusal(try rig.spaces.session("bob")) == nil)
    }

    @Test func takingBackIsIdempotentAndKnowsItsOwnOnly() throws {
        let credential = try rig.mint("bob", on: forum)
        let other = try rig.spaces.create("other")
        let permit = try rig.spaces.permit(.manageCredentials, "alice", on: forum)
        let elsewhere = try rig.spaces.permit(.manageCredentials, "alice", on: other)
        func revoke(_ permit: Permit, _ id: String, _ reason: String? = nil) -> String? {
            rig.name { try rig.credentials.revoke(permit, id: id, reason: reason, at: rig.start) }
        }
        #expect(revoke(elsewhere, credential.id) == "CredentialNotFound")
        #expect(revoke(permit, "unknown") == "CredentialNotFound")
        #expect(revoke(permit, credential.id, "Because!") == "InvalidRequest")
        #expect(try rig.reading(credential) == nil)
        #expect(revoke(permit, credential.id, "stolen") == nil && revoke(permit, credential.id) == nil)
        #expect(try rig.reading(credential) == "CredentialRevoked")
        #expect(try rig.reasons(forum) == [credential.id: "stolen"])
    }

    @Test func anEdgeThatIsEndedByItselfIsARevocationToo() throws {
        let credential = try rig.mint("bob", on: forum)
        let edge = try #require(rig.graph.edge(rig.id(credential.text)))
        let alice = try rig.spaces.did("alice")
        try rig.spaces.store.transact(at: rig.start) { try $0.end(edge, by: alice, reason: "revoked") }
        #expect(try rig.reading(credential) == "CredentialRevoked")
        try rig.sweep.run(at: rig.start)
        #expect(try rig.reasons(forum) == [credential.id: "revoked"])
    }

    // MARK: To other hosts

    private struct Told: Hashable {
        let service: String
        let credentials: [String]
    }

    private func told() throws -> Set<Told> {
        let rows = try rig.spaces.store.read { tables in
            try tables.rows("SELECT service, audience, issuer, body FROM outbox WHERE method LIKE '%CredentialRevoked'")
            { ($0.text(0), $0.text(1), $0.text(2), $0.bytes(3)) }
        }
        return Set(
            try rows.map { service, audience, issuer, body in
                #expect(audience == service && issuer == forum.authority)
                let json = try JSON.parse(body)
                #expect(json["space"]?.string == forum.text)
                return Told(service: service, credentials: (json["credentials"]?.array ?? []).compactMap(\.string))
            })
    }

    @Test func hostsOfWritersElsewhereAreToldOnce() throws {
        let (forum, here) = (self.forum, try rig.spaces.did("bob").text)
        try rig.spaces.store.transact(at: rig.start) { change in
            for writer in ["did:web:one.example", "did:web:two.example", here] {
                _ = try SpaceWriters(change).record(
                    forum, author: writer, rev: TID(microseconds: 1_700_000_000_000_000, clockID: 0),
                    hash: [UInt8](repeating: 0, count: 32))
            }
            try change.run(
                """
                INSERT INTO account(did, handle, password, key_public, is_documented_here, status, created_at) \
                VALUES(?1, 'bob.here.example', '', '', 1, 0, 0)
                """, [.text(here)])
        }
        let (first, second) = (try rig.mint("bob", on: forum), try rig.mint("bob", on: forum))
        try rig.sweep.run(at: rig.start)
        #expect(try told().isEmpty)
        try rig.spaces.remove("bob", from: forum)
        try rig.sweep.run(at: rig.start)
        let ids = [first.id, second.id].sorted()
        let wanted = Set(["did:web:one.example", "did:web:two.example"].map { Told(service: $0, credentials: ids) })
        #expect(try told() == wanted, "the writer that is hosted here needs no news")
        let count = rig.spaces.store.commitCount
        try rig.sweep.run(at: rig.start)
        #expect(rig.spaces.store.commitCount == count)
    }

    @Test func aSweepWithNothingToDoWritesNothing() throws {
        _ = try rig.mint("bob", on: forum)
        let before = rig.spaces.store.commitCount
        try rig.sweep.run(at: rig.start)
        #expect(rig.spaces.store.commitCount == before)
    }

    // MARK: From other hosts

    private let foreign = "did:web:other.example"

    private func space(_ name: String = "main") throws -> SpaceURI {
        try SpaceURI("at://\(foreign)/space/com.example.forum/\(name)")
    }

    private func receive(
        _ ids: [String], of space: SpaceURI, by issuer: String? = nil, at now: Timestamp? = nil
    ) -> String? {
        rig.name {
            let caller = Caller.service(
                issuer: try DID(issuer ?? foreign), audience: "did:web:bob.here.example",
                method: "com.atproto.space.notifyCredentialRevoked")
            let permit = try rig.spaces.gate.permit(.notifyByAuthority, caller, on: space, at: now ?? rig.start)
            try rig.credentials.receive(permit, revoked: ids, at: now ?? rig.start)
        }
    }

    /// Whether a credential of a space elsewhere reads here.
    private func reads(_ jti: String, _ space: SpaceURI, at now: Timestamp? = nil) throws -> String? {
        let now = now ?? rig.start
        let caller = Caller.credential(
            space: space, key: try DID(thumbprint: String(repeating: "k", count: 43)),
            edge: rig.id(jti), jti: jti, expires: now.advanced(bySeconds: 600))
        return try rig.spaces.refusal(.readRecords(author: nil), caller, on: space, at: now)
    }

    @Test func anAuthorityTakesItsCredentialsBack() throws {
        let (main, other) = (try space(), try space("other"))
        #expect(try reads("one", main) == nil)
        #expect(receive(["one", "two"], of: main) == nil && receive(["two"], of: main) == nil)
        #expect(try reads("one", main) == "CredentialRevoked" && reads("two", main) == "CredentialRevoked")
        #expect(try reads("three", main) == nil && reads("one", other) == nil)
    }

    @Test func onlyTheAuthorityMay() throws {
        let main = try space()
        #expect(receive(["one"], of: main, by: "did:web:bob.here.example") == "Forbidden")
        #expect(try rig.spaces.refusal(.notifyByAuthority, .anonymous, on: main) == "AuthMissing")
        #expect(try rig.spaces.refusal(.notifyByAuthority, try rig.spaces.session("bob"), on: main) == "Forbidden")
        #expect(try reads("one", main) == nil)
    }

    @Test func batchesAreOfOneToAHundred() throws {
        let main = try space()
        #expect(receive([], of: main) == "InvalidRequest" && receive([""], of: main) == "InvalidRequest")
        #expect(receive(["ok", String(repeating: "j", count: 129)], of: main) == "InvalidRequest")
        #expect(receive((0..<101).map { "\($0)" }, of: main) == "InvalidRequest")
        #expect(try reads("ok", main) == nil && reads("0", main) == nil)
        #expect(receive((0..<100).map { "\($0)" }, of: main) == nil)
        #expect(try reads("99", main) == "CredentialRevoked")
    }

    @Test func itIsKeptLongerThanAnyCredentialLives() throws {
        let main = try space()
        #expect(receive(["one"], of: main) == nil)
        let (before, after) = (rig.start.advanced(bySeconds: 3609), rig.start.advanced(bySeconds: 3671))
        try rig.sweep.run(at: before)
        #expect(try reads("one", main, at: before) == "CredentialRevoked")
        try rig.sweep.run(at: after)
        #expect(try reads("one", main, at: after) == nil)
    }

    /// Fills the store of the foreign authority.
    private func fill() throws {
        let (foreign, start) = (self.foreign, rig.start)
        try rig.spaces.store.transact(at: start) { change in
            let full = try SpaceURI("at://\(foreign)/space/com.example.forum/full")
            for number in 0..<Credentials.maximumRevocations {
                try change.note(SpaceFacts.foreign(full, jti: "j\(number)", until: start.advanced(bySeconds: 3610)))
            }
        }
    }

    @Test func whereTheStoreIsFullTheSpaceIsClosed() throws {
        let (main, other) = (try space(), try space("other"))
        let bob = try rig.spaces.did("bob").text
        // Something of the space is held here.
        try rig.spaces.store.transact(at: rig.start) { change in
            try change.run("INSERT INTO space_revision(id, uri, rev) VALUES(77, ?1, NULL)", [.text(main.text)])
            try change.run(
                """
                INSERT INTO repo(id, space, author, status, rev, record_count, operation_count, pruned_through, digest, \
                state) VALUES(77, 77, ?1, 0, 1, 0, 0, 0, x'00', x'00')
                """, [.text(bob)])
        }
        try fill()
        #expect(receive(["one"], of: main) == nil && receive(["one"], of: other) == nil)
        #expect(try reads("anything", main) == "CredentialRevoked")
        #expect(try reads("anything", other) == nil, "nothing of that one is here to be read")
        let later = rig.start.advanced(bySeconds: 3611)
        #expect(try reads("anything", main, at: later) == nil)
    }

    @Test func anAuthorityHostedHereThatSignsForItselfEndsItsOwn() throws {
        let credential = try rig.mint("bob", on: forum)
        #expect(receive([credential.id], of: forum, by: forum.authority) == nil)
        #expect(try rig.reading(credential) == "CredentialRevoked")
        #expect(try rig.reasons(forum) == [credential.id: "revoked"])
    }
}
