package import ATProto
import CapabilityGraph
import Multiformats
package import Storage
package import UCAN

/// Makes, redeems, revokes and lists invites (atproto-spaces.md 16).
package struct SpaceInvites: Sendable {
    /// The most invites of one space that can still be redeemed or listed.
    package static let maximumCount: Int64 = 10_000

    let store: GraphStore

    package init(store: GraphStore) { self.store = store }

    /// Makes an invite and gives its secret, which is shown this once: 24 random bytes in lower-case hexadecimal.
    package func create(
        _ permit: Permit, access: MemberAccess, maxUses: Int64?, expiresAt: Timestamp?, at now: Timestamp
    ) throws -> (invite: Invite, secret: String) {
        try permit.require(.manageInvites)
        let secret = Self.random(24)
        let id = Self.random(12)
        let hash = SHA256.hash(Array(secret.utf8))
        let invite = try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let space = try transaction.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            let invite = Invite(
                id: id, access: access, maxUses: maxUses, uses: 0, expiresAt: expiresAt, isRevoked: false,
                createdBy: permit.principal, createdAt: now)
            try transaction.insert(invite, secret: hash, to: space)
            return invite
        }
        return (invite, secret)
    }

    /// Makes the caller a member as the invite says, and counts the use, in one transaction.
    ///
    /// Refusals in this order: `InvalidInvite`, `InviteRevoked`, `InviteExhausted`, `InviteExpired`, `AlreadyMember`.
    package func accept(
        _ permit: AccountPermit, secret: String, at now: Timestamp
    ) throws -> (space: SpaceURI, access: MemberAccess) {
        guard permit.operation == .acceptInvite else { throw AccessRefusal.closed }
        let hash = SHA256.hash(Array(secret.utf8))
        return try store.transact(at: now) { transaction in
            try permit.confirm(in: transaction)
            guard let (invite, space) = try transaction.invite(secret: hash) else { throw Self.unknown }
            guard !invite.isRevoked else { throw Self.revoked }
            guard invite.maxUses.map({ invite.uses < $0 }) ?? true else {
                throw ATProtoError("InviteExhausted", "the invite has been used as often as it may be")
            }
            guard invite.expiresAt.map({ now < $0 }) ?? true else {
                throw ATProtoError("InviteExpired", "the invite has expired")
            }
            try permit.require(.showSpace(space.uri))
            let isMember = try transaction.member(permit.principal.text, of: space.number) != nil
            guard !isMember, permit.principal != space.owner else {
                throw ATProtoError("AlreadyMember", "the account is a member already")
            }
            // The graph has the last word: an invite whose edge was ended by any other way admits nobody.
            let question = CheckQuestion(
                principal: try DID(invite: invite.id), ability: .spaceBelong,
                resource: .atproto(space: try Space(space.uri), path: nil))
            guard transaction.graph.check(question, at: now).isAllowed else { throw Self.revoked }
            try transaction.put(
                Member(
                    name: permit.principal.text, isSpace: false, access: invite.access, grantedBy: invite.createdBy,
                    grantedAt: now), in: space)
            try transaction.run("UPDATE space_invite SET uses = uses + 1 WHERE id = ?1", [.text(invite.id)])
            return (space.uri, invite.access)
        }
    }

    /// Revokes an invite of the permit's space; whom it let in stays. Throws `InvalidInvite` for any other.
    package func revoke(_ permit: Permit, id: String, at now: Timestamp) throws {
        try permit.require(.manageInvites)
        try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let space = try transaction.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            guard try transaction.revokeInvite(id, of: space, by: permit.principal) else { throw Self.unknown }
        }
    }

    /// Lists the invites of a space, oldest first.
    package func list(_ permit: Permit) throws -> [Invite] {
        try permit.require(.manageInvites)
        return try store.read { tables in
            guard let space = try tables.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            return try tables.rows(
                """
                SELECT id, access, max_uses, uses, expires_at, is_revoked, created_by, created_at FROM space_invite \
                WHERE space = ?1 ORDER BY created_at, id
                """, [.integer(space.number)], Invite.init)
        }
    }

    private static let unknown = ATProtoError("InvalidInvite", "there is no such invite")
    private static let revoked = ATProtoError("InviteRevoked", "the invite was revoked")

    private static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return Base16.encode((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}

extension StoreTransaction {
    /// Ends an invite's edge and marks its row; false when the space has no such invite.
    func revokeInvite(_ id: String, of space: SpaceRecord, by actor: DID) throws -> Bool {
        let edge = try first(
            "SELECT edge FROM space_invite WHERE id = ?1 AND space = ?2", [.text(id), .integer(space.number)]
        ) { $0.bytes(0) }
        guard let edge else { return false }
        try end(stored: edge, by: actor, reason: "revoked")
        try run("UPDATE space_invite SET is_revoked = 1 WHERE id = ?1", [.text(id)])
        return true
    }

    fileprivate func insert(_ invite: Invite, secret: Digest, to space: SpaceRecord) throws {
        let number: [SQLValue] = [.integer(space.number)]
        let count = try first("SELECT count(*) FROM space_invite WHERE space = ?1", number) { $0.integer(0) }
        guard (count ?? 0) < SpaceInvites.maximumCount else {
            throw ATProtoError(
                "InvalidRequest", "the space has \(SpaceInvites.maximumCount) invites, which is the most")
        }
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        let proofs = [graph.edge(stored: try edge(of: space.number, .list))].compactMap { $0 }
        let edge = try admit(
            HostStatement(
                kind: .invite, issuer: try DID(space.uri.authority), audience: try DID(invite: invite.id),
                capabilities: [Capability(resource: resource, ability: .spaceBelong)], expires: invite.expiresAt,
                proofs: proofs, actor: invite.createdBy))
        try run(
            """
            INSERT INTO space_invite(id, space, secret, access, max_uses, uses, expires_at, is_revoked, created_by, \
            created_at, edge) VALUES(?1, ?2, ?3, ?4, ?5, 0, ?6, 0, ?7, ?8, ?9)
            """,
            [
                .text(invite.id), .integer(space.number), .blob(secret.bytes), .integer(invite.access.rawValue),
                .integer(optional: invite.maxUses), .integer(optional: invite.expiresAt?.microseconds),
                .text(invite.createdBy.text), .integer(invite.createdAt.microseconds),
                .blob(graph.view(edge).id.digest.bytes),
            ])
    }

    fileprivate func invite(secret: Digest) throws -> (Invite, SpaceRecord)? {
        let found = try first(
            """
            SELECT id, access, max_uses, uses, expires_at, is_revoked, created_by, created_at, space \
            FROM space_invite WHERE secret = ?1
            """, [.blob(secret.bytes)]
        ) { (Invite($0), $0.integer(8)) }
        guard let (invite, number) = found, let space = try space(number: number) else { return nil }
        return (invite, space)
    }
}
