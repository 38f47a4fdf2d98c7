import ATProto
import CapabilityGraph
import Multiformats
package import Storage
package import UCAN

/// One row of a member list: a DID, or a space whose members are admitted with it.
package struct Member: Hashable, Sendable {
    /// The DID, or the URI of a member space.
    package let name: String
    package let isSpace: Bool
    package let access: MemberAccess
    package let grantedBy: DID
    package let grantedAt: Timestamp
}

extension Member {
    /// Reads the columns `member, is_space, access, granted_by, granted_at`.
    init(_ row: SQLRow) {
        name = row.text(0)
        isSpace = row.bool(1)
        access = MemberAccess(rawValue: row.integer(2))
        grantedBy = DID(trusted: row.text(3))
        grantedAt = Timestamp(microseconds: row.integer(4))
    }
}

extension TableReader {
    package func member(_ name: String, of space: Int64) throws -> Member? {
        try first(
            "SELECT member, is_space, access, granted_by, granted_at FROM space_member WHERE space = ?1 AND member = ?2",
            [.integer(space), .text(name)], Member.init)
    }
}

extension StoreTransaction {
    /// Writes a row and gives it an edge of its own, ending the one it had.
    ///
    /// What was dropped is over with that; credentials that rest on what was kept are carried on by the new edge. Who puts
    /// many rows gives `credentials` by their grounds, as they were before the first, so that they are read once.
    func put(
        _ member: Member, in space: SpaceRecord, credentials: [Snapshot.EdgeID: [IssuedCredential]]? = nil
    ) throws {
        let held = try first(
            "SELECT edge FROM space_member WHERE space = ?1 AND member = ?2",
            [.integer(space.number), .text(member.name)]
        ) { $0.optionalBytes(0) }
        let ended = graph.edge(stored: held ?? nil)
        let resting = try ended.map { try (credentials ?? credentialsByGround(below: space.uri))[$0] ?? [] } ?? []
        if let held { try end(stored: held, by: member.grantedBy, reason: "accessChanged") }
        let edge = try admitMembership(of: member, in: space)
        if let ended, let new = graph.edge(stored: edge) { try carryOn(resting, from: ended, to: new, in: space) }
        try run(
            """
            INSERT INTO space_member(space, member, is_space, access, granted_by, granted_at, edge) \
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(space, member) DO UPDATE SET is_space = ?3, access = ?4, \
            granted_by = ?5, granted_at = ?6, edge = ?7
            """,
            [
                .integer(space.number), .text(member.name), .bool(member.isSpace), .integer(member.access.rawValue),
                .text(member.grantedBy.text), .integer(member.grantedAt.microseconds), .blob(optional: edge),
            ])
    }

    /// Ends a member's edge and takes its row away; false when there is no such member.
    func removeMember(_ name: String, of space: SpaceRecord, by actor: DID) throws -> Bool {
        let key: [SQLValue] = [.integer(space.number), .text(name)]
        let edge = try first("SELECT edge FROM space_member WHERE space = ?1 AND member = ?2", key) {
            $0.optionalBytes(0)
        }
        guard let edge else { return false }
        try end(stored: edge, by: actor, reason: "removed")
        try run("DELETE FROM space_member WHERE space = ?1 AND member = ?2", key)
        return true
    }

    /// Makes the edge of a row; nil for a member space that is not here, which contributes nothing.
    ///
    /// Each right rests on the edge by which the policies let the list give it; what they do not, is left out.
    private func admitMembership(of member: Member, in space: SpaceRecord) throws -> [UInt8]? {
        let audience: DID
        if member.isSpace {
            let uri = try SpaceURI(member.name)
            guard try self.space(uri) != nil else { return nil }
            audience = DID(space: try Space(uri))
        } else {
            audience = try DID(member.name)
        }
        var abilities: [Ability] = [.spaceBelong]
        var proofs: [Snapshot.EdgeID] = []
        func rest(on role: SpaceEdges.Role) throws -> Bool {
            guard let edge = graph.edge(stored: try self.edge(of: space.number, role)) else { return false }
            proofs.append(edge)
            return true
        }
        guard try rest(on: .list) else { return nil }
        if member.access.reads, try rest(on: .listRead) {
            abilities.append(member.access.readsAll ? .spaceRead : .spaceReadSelf)
        }
        if member.access.writes, try rest(on: .listWrite) { abilities.append(.spaceWrite) }
        if member.access.contains(.manage), !member.isSpace { abilities.append(.spaceManage) }
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        let edge = try admit(
            HostStatement(
                kind: .membership, issuer: try DID(space.uri.authority), audience: audience,
                capabilities: abilities.map { Capability(resource: resource, ability: $0) }, proofs: proofs,
                actor: member.grantedBy))
        return graph.view(edge).id.digest.bytes
    }

    /// Gives every row a fresh edge, after the policies let the list give more again.
    func reissueMembers(of space: SpaceRecord) throws {
        let members = try rows(
            "SELECT member, is_space, access, granted_by, granted_at FROM space_member WHERE space = ?1",
            [.integer(space.number)], Member.init)
        let credentials = try credentialsByGround(below: space.uri)
        for member in members { try put(member, in: space, credentials: credentials) }
    }

    /// Gives edges to, or takes them from, the rows by which a space is a member of others, as it comes and goes.
    func refreshRows(naming uri: SpaceURI, by actor: DID) throws {
        let rows = try rows(
            """
            SELECT member, is_space, access, granted_by, granted_at, space FROM space_member \
            WHERE member = ?1 AND is_space = 1
            """, [.text(uri.text)]
        ) { (Member($0), $0.integer(5)) }
        for (member, number) in rows {
            guard let outer = try space(number: number) else { continue }
            try put(member, in: outer)
        }
    }
}
