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
    /// Writes a row and makes its edges what it says: one that reads, one for the rest, so that each can end alone.
    ///
    /// An edge that says what is wanted stays, with all that rests on it; every other ends at once.
    func put(_ member: Member, in space: SpaceRecord) throws {
        let edges = try membershipEdges(of: member, in: space)
        try run(
            """
            INSERT INTO space_member(space, member, is_space, access, granted_by, granted_at, edge) \
            VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT(space, member) DO UPDATE SET is_space = ?3, access = ?4, \
            granted_by = ?5, granted_at = ?6, edge = ?7
            """,
            [
                .integer(space.number), .text(member.name), .bool(member.isSpace), .integer(member.access.rawValue),
                .text(member.grantedBy.text), .integer(member.grantedAt.microseconds),
                .blob(optional: edges.isEmpty ? nil : edges.flatMap { $0 }),
            ])
    }

    /// Ends a member's edges and takes its row away; false when there is no such member.
    func removeMember(_ name: String, of space: SpaceRecord, by actor: DID) throws -> Bool {
        guard try member(name, of: space.number) != nil else { return false }
        for edge in try storedEdges(of: name, in: space) { try end(stored: edge, by: actor, reason: "removed") }
        try run(
            "DELETE FROM space_member WHERE space = ?1 AND member = ?2", [.integer(space.number), .text(name)])
        return true
    }

    /// The member whose row an edge carries; nil when it is none of the space's.
    func memberName(ofEdge id: Multihash, in space: SpaceRecord) throws -> String? {
        try first(
            """
            SELECT member FROM space_member \
            WHERE space = ?1 AND (substr(edge, 1, 32) = ?2 OR substr(edge, 33, 32) = ?2)
            """, [.integer(space.number), .blob(id.digest.bytes)]
        ) { $0.text(0) }
    }

    /// The ids of a row's edges, 32 bytes each.
    private func storedEdges(of name: String, in space: SpaceRecord) throws -> [[UInt8]] {
        let stored = try first(
            "SELECT edge FROM space_member WHERE space = ?1 AND member = ?2",
            [.integer(space.number), .text(name)]
        ) { $0.optionalBytes(0) }
        return Member.edges(stored: stored ?? nil)
    }

    /// Ends those edges of a row that say something else than is wanted, and makes those that are missing.
    private func membershipEdges(of member: Member, in space: SpaceRecord) throws -> [[UInt8]] {
        var wanted = try grants(of: member, in: space)
        var kept: [[UInt8]] = []
        for stored in try storedEdges(of: member.name, in: space) {
            if let edge = graph.edge(stored: stored), graph.view(edge).ending == nil,
                let index = wanted.firstIndex(where: { $0.isCarried(by: graph.view(edge)) })
            {
                wanted.remove(at: index)
                kept.append(stored)
            } else {
                try end(stored: stored, by: member.grantedBy, reason: "accessChanged")
            }
        }
        guard !wanted.isEmpty else { return kept }
        let audience = try member.isSpace ? DID(space: Space(SpaceURI(member.name))) : DID(member.name)
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        for grant in wanted {
            let edge = try admit(
                HostStatement(
                    kind: .membership, issuer: try DID(space.uri.authority), audience: audience,
                    capabilities: grant.abilities.map { Capability(resource: resource, ability: $0) },
                    proofs: grant.proofs, actor: member.grantedBy))
            kept.append(graph.view(edge).id.digest.bytes)
        }
        return kept
    }

    /// What the edges of a row are to say; none for a member space that is not here, which contributes nothing.
    ///
    /// Each right rests on the edge by which the policies let the list give it; what they do not, is left out.
    private func grants(of member: Member, in space: SpaceRecord) throws -> [MembershipGrant] {
        if member.isSpace, try self.space(SpaceURI(member.name)) == nil { return [] }
        func edge(_ role: SpaceEdges.Role) throws -> Snapshot.EdgeID? {
            graph.edge(stored: try self.edge(of: space.number, role))
        }
        guard let list = try edge(.list) else { return [] }
        var reading: MembershipGrant?
        if member.access.reads, let read = try edge(.listRead) {
            let ability: Ability = member.access.readsAll ? .spaceRead : .spaceReadSelf
            reading = MembershipGrant(abilities: [.spaceBelong, ability], proofs: [list, read])
        }
        var rest = MembershipGrant(abilities: [.spaceBelong], proofs: [list])
        if member.access.writes, let write = try edge(.listWrite) {
            rest.abilities.append(.spaceWrite)
            rest.proofs.append(write)
        }
        if member.access.contains(.manage), !member.isSpace { rest.abilities.append(.spaceManage) }
        // Standing alone needs an edge only where no other gives it.
        guard let reading else { return [rest] }
        return rest.abilities.count > 1 ? [reading, rest] : [reading]
    }

    /// Makes every row's edges anew where the policies let the list give more again.
    func reissueMembers(of space: SpaceRecord) throws {
        let members = try rows(
            "SELECT member, is_space, access, granted_by, granted_at FROM space_member WHERE space = ?1",
            [.integer(space.number)], Member.init)
        for member in members { try put(member, in: space) }
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

extension Member {
    /// The ids of the edges that a row's column holds, one behind the other.
    static func edges(stored: [UInt8]?) -> [[UInt8]] {
        let bytes = stored ?? []
        return stride(from: 0, to: bytes.count, by: 32).map { Array(bytes[$0..<min($0 + 32, bytes.count)]) }
    }
}

/// What one edge of a membership says, and on what it rests.
private struct MembershipGrant {
    var abilities: [Ability]
    var proofs: [Snapshot.EdgeID]

    func isCarried(by edge: EdgeView) -> Bool {
        Set(edge.proofs) == Set(proofs)
            && Set(edge.capabilities.map(\.ability)) == Set(abilities)
    }
}
