import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Invites: hashed, counted, bounded in time, refused in a fixed order (atproto-spaces.md 16).
@Suite struct SpaceInviteTests {
    private let rig: SpaceRig
    private let forum: SpaceURI

    init() throws {
        rig = try SpaceRig()
        forum = try rig.create("forum")
    }

    private func invite(
        _ access: MemberAccess = .reader, maxUses: Int64? = nil, expiresAt: Timestamp? = nil
    ) throws -> (invite: Invite, secret: String) {
        try rig.invites.create(
            try rig.permit(.manageInvites, "alice", on: forum), access: access, maxUses: maxUses,
            expiresAt: expiresAt, at: rig.start)
    }

    private func accept(_ secret: String, _ name: String, at now: Timestamp? = nil) throws -> String? {
        let now = now ?? rig.start
        do {
            let permit = try rig.gate.permit(account: .acceptInvite, try rig.session(name), at: now)
            _ = try rig.invites.accept(permit, secret: secret, at: now)
            return nil
        } catch let error as ATProtoError {
            return error.name
        }
    }

    @Test func anInviteMakesAMemberOfItsLevel() throws {
        let (made, secret) = try invite(.write)
        #expect(secret.utf8.count == 48)
        #expect(secret.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        #expect(try accept(secret, "bob") == nil)
        #expect(try rig.refusal(try rig.write("bob"), try rig.session("bob"), on: forum) == nil)
        let others = Spaces.Operation.readRecords(author: try rig.did("alice"))
        #expect(try rig.refusal(others, try rig.session("bob"), on: forum) == "RepoNotFound")
        let listed = try rig.invites.list(try rig.permit(.manageInvites, "alice", on: forum))
        #expect(listed.map(\.id) == [made.id])
        #expect(listed[0].uses == 1)
        #expect(listed[0].access.word == "write_only")
    }

    @Test func onlyTheHashOfTheSecretIsKept() throws {
        let (_, secret) = try invite()
        let rows = try rig.store.read {
            try $0.rows("SELECT secret, id FROM space_invite") { ($0.bytes(0), $0.text(1)) }
        }
        #expect(rows.count == 1)
        #expect(rows[0].0 == SHA256.hash(Array(secret.utf8)).bytes)
        #expect(!secret.contains(rows[0].1))
    }

    @Test func refusalsComeInTheirOrder() throws {
        let end = Timestamp(seconds: 1_700_000_060)
        let late = Timestamp(seconds: 1_700_000_060)
        #expect(try accept(String(repeating: "0", count: 48), "bob") == "InvalidInvite")
        let (made, secret) = try invite(maxUses: 1, expiresAt: end)
        #expect(try accept(secret, "alice") == "AlreadyMember")
        #expect(try accept(secret, "bob", at: late) == "InviteExpired")
        #expect(try accept(secret, "bob") == nil)
        #expect(try accept(secret, "carol") == "InviteExhausted")
        #expect(try accept(secret, "bob", at: late) == "InviteExhausted")
        try rig.invites.revoke(try rig.permit(.manageInvites, "alice", on: forum), id: made.id, at: rig.start)
        try rig.invites.revoke(try rig.permit(.manageInvites, "alice", on: forum), id: made.id, at: rig.start)
        #expect(try accept(secret, "bob", at: late) == "InviteRevoked")
        let other = try invite()
        #expect(try accept(other.secret, "bob") == "AlreadyMember")
        // Whom it let in stays.
        #expect(try rig.refusal(.listRepos, try rig.session("bob"), on: forum) == nil)
    }

    @Test func anInviteOfAnotherSpaceCannotBeRevokedHere() throws {
        let (made, _) = try invite()
        let other = try rig.create("other", of: "bob")
        let refused = #expect(throws: ATProtoError.self) {
            try rig.invites.revoke(try rig.permit(.manageInvites, "bob", on: other), id: made.id, at: rig.start)
        }
        #expect(refused?.name == "InvalidInvite")
    }

    @Test func anInviteWhoseEdgeWasEndedAdmitsNobody() throws {
        let (_, secret) = try invite()
        let alice = try rig.did("alice")
        try rig.store.transact(at: rig.start) { change in
            let id = try #require(try change.first("SELECT id FROM space_invite") { $0.text(0) })
            for edge in change.graph.received(by: try DID(invite: id), of: .invite) {
                try change.end(edge, by: alice, reason: "revoked")
            }
        }
        #expect(try accept(secret, "bob") == "InviteRevoked")
    }

    @Test func fiftyRedeemersOfAThreeUseInviteMakeThreeMembers() throws {
        let (_, secret) = try invite(maxUses: 3)
        let names = (0..<50).map { "user\($0)" }
        let callers = try names.map { try rig.session($0) }
        let outcomes = Locked<[String]>([])
        let (gate, redeemed, start) = (rig.gate, rig.invites, rig.start)
        ParallelThreads.run(
            callers.map { caller in
                {
                    let outcome: String
                    do {
                        let permit = try gate.permit(account: .acceptInvite, caller, at: start)
                        _ = try redeemed.accept(permit, secret: secret, at: start)
                        outcome = "ok"
                    } catch let error as ATProtoError {
                        outcome = error.name
                    } catch {
                        outcome = "\(error)"
                    }
                    outcomes.withLock { $0.append(outcome) }
                }
            })
        let tally = outcomes.withLock { Dictionary(grouping: $0) { $0 }.mapValues(\.count) }
        #expect(tally == ["ok": 3, "InviteExhausted": 47])
        let listed = try rig.members.list(
            try rig.permit(.listMembers(of: nil), "alice", on: forum), limit: 100, after: "")
        #expect(listed.members.count == 3)
        let uses = try rig.invites.list(try rig.permit(.manageInvites, "alice", on: forum)).map(\.uses)
        #expect(uses == [3])
    }
}
