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
            guard let space = try transaction.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            let invite = Invite(
                id: id, access: access, maxUses: maxUses, uses: 0, expiresAt: expiresAt, isRevoked: false,
                createdBy: permit.principal, createdAt: now)
            try transaction.insert(invite, secret: hash, to: space, on: permit.decision)
            return invite
        }
        return (invite, secret)
    }

    /// Makes the caller a member as the invite says, and counts the use, in one transaction.
    ///
    /// Refusals in this order: `InvalidInvite`, `InviteRevoked`, `InviteExhausted`, `InviteExpired`, `AlreadyMember`, and
    /// `InviteRevoked` where its maker no longer manages the space or the caller was removed after it was made.
    package func accept(
        _ permit: AccountPermit, secret: String, at now: Timestamp
    ) throws -> (space: SpaceURI, access: MemberAccess) {
        guard permit.operation == .acceptInvite else { throw AccessRefusal.closed }
        let hash = SHA256.hash(Array(secret.utf8))
        return try store.transact(at: now) { transaction in
            try permit.confirm(in: transaction)
            // An application that may not be shown the space is told nothing of its invites either.
            guard let (invite, space, madeAt) = try transaction.invite(secret: hash),
                permit.allows(.showSpace(space.uri))
            else { throw Self.unknown }
            guard !invite.isRevoked else { throw Self.revoked }
            guard invite.maxUses.map({ invite.uses < $0 }) ?? true else {
                throw ATProtoError("InviteExhausted", "the invite has been used as often as it may be")
            }
            guard invite.expiresAt.map({ now < $0 }) ?? true else {
                throw ATProtoError("InviteExpired", "the invite has expired")
            }
            let place = try Space(space.uri)
            let isMember = transaction.graph.memberAccess(of: permit.principal, in: place, at: now) != nil
            guard !isMember, permit.principal != space.owner else {
                throw ATProtoError("AlreadyMember", "the account is a member already")
            }
            // The graph has the last word: an invite lives as long as its maker's right, and brings back nobody.
            let question = CheckQuestion(
                principal: try DID(invite: invite.id), ability: .spaceInvite,
                resource: .atproto(space: place, path: nil))
            guard transaction.graph.check(question, at: now).isAllowed,
                !transaction.graph.wasRemoved(permit.principal, from: place, after: madeAt)
            else { throw Self.revoked }
            try transaction.put(
                Member(
                    name: permit.principal.text, isSpace: false, access: invite.access, grantedBy: invite.createdBy,
                    grantedAt: now), in: space, invite: invite.id)
            return (space.uri, invite.access)
        }
    }

    /// Revokes an invite of the permit's space; whom it let in stays. Throws `InvalidInvite` for any other.
    package func revoke(_ permit: Permit, id: String, at now: Timestamp) throws {
        try permit.require(.manageInvites)
        try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let space = try transaction.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            let end = EdgeEnd(by: permit.principal, reason: "revoked")
            guard try transaction.revokeInvite(id, of: space, end) else { throw Self.unknown }
        }
    }

    /// Lists the invites of a space, oldest first.
    package func list(_ permit: Permit) throws -> [Invite] {
        try permit.require(.manageInvites)
        guard let space = try store.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
        return try store.read { try $0.invites(of: space) }
    }

    private static let unknown = ATProtoError("InvalidInvite", "there is no such invite")
    private static let revoked = ATProtoError("InviteRevoked", "the invite was revoked")

    private static func random(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return Base16.encode((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}

extension TableReader {
    func invites(of space: SpaceRecord) throws -> [Invite] {
        try rows(
            InviteTable.self, where: [InviteTable.space.is(space.number)],
            order: [InviteTable.createdAt.ascending, InviteTable.id.ascending]
        ) { Invite($0) }
    }
}

extension StoreTransaction {
    /// The invites of a space that somebody could still use.
    func openInvites(of space: SpaceRecord) throws -> [Invite] {
        let place = try Space(space.uri)
        return try invites(of: space).filter { invite in
            guard !invite.isRevoked, invite.maxUses.map({ invite.uses < $0 }) ?? true,
                let principal = try? DID(invite: invite.id)
            else { return false }
            let question = CheckQuestion(
                principal: principal, ability: .spaceInvite, resource: .atproto(space: place, path: nil))
            return graph.check(question, at: now).isAllowed
        }
    }

    /// Ends an invite's edge; false when the space has no such invite.
    func revokeInvite(_ id: String, of space: SpaceRecord, _ end: EdgeEnd) throws -> Bool {
        guard
            try exists(InviteTable.self, where: [InviteTable.id.is(id), InviteTable.space.is(space.number)])
        else { return false }
        for edge in graph.received(by: try DID(invite: id), of: .invite) { try strike(edge, end) }
        return true
    }

    fileprivate func insert(
        _ invite: Invite, secret: Digest, to space: SpaceRecord, on decision: Decision
    ) throws {
        let count = try count(InviteTable.self, where: [InviteTable.space.is(space.number)])
        guard count < SpaceInvites.maximumCount else {
            throw ATProtoError(
                "InvalidRequest", "the space has \(SpaceInvites.maximumCount) invites, which is the most")
        }
        var facts: CBORMap = [
            "id": .text(invite.id), "secret": .bytes(secret.bytes), "access": .int(invite.access.rawValue),
            "by": .text(invite.createdBy.text), "at": .int(invite.createdAt.microseconds),
        ]
        facts["max"] = invite.maxUses.map { .int($0) }
        facts["expires"] = invite.expiresAt.map { .int($0.microseconds) }
        try admit(invite, to: space, on: decision, facts: facts)
    }

    /// Makes the edge of an invite, on the right by which its maker manages the space.
    func admit(_ invite: Invite, to space: SpaceRecord, on decision: Decision, facts: CBORMap?) throws {
        guard case .allow(let allowance) = decision,
            let ground = try allowance.route.first?.edge ?? spaces.edge(of: space.uri, .owner)
        else { throw AccessRefusal.notSpaceOwner.with(decision) }
        let expiry = [invite.expiresAt, graph.view(ground).expires].compactMap { $0 }.min()
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        try admit(
            HostStatement(
                kind: .invite, issuer: try DID(space.uri.authority), audience: try DID(invite: invite.id),
                capabilities: [Capability(resource: resource, ability: .spaceInvite)], expires: expiry,
                proofs: [ground], actor: invite.createdBy, facts: facts))
    }

    /// An invite by its secret, its space, and the revision at which it was made.
    fileprivate func invite(secret: Digest) throws -> (Invite, SpaceRecord, UInt32)? {
        let found = try first(InviteTable.self, where: [InviteTable.secret.is(secret.bytes)]) { row in
            (invite: Invite(row), space: row[InviteTable.space], madeAt: UInt32(clamping: row[InviteTable.madeAt]))
        }
        guard let found else { return nil }
        let uri = try first(SpaceTable.self, [SpaceTable.uri], where: [SpaceTable.id.is(found.space)]) {
            try SpaceURI($0[SpaceTable.uri])
        }
        guard let uri, let space = try spaces.space(uri) else { return nil }
        return (found.invite, space, found.madeAt)
    }
}
