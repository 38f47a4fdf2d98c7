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
    init(_ row: Row) {
        name = row[MemberTable.member]
        isSpace = row[MemberTable.isSpace]
        access = MemberAccess(rawValue: row[MemberTable.access])
        grantedBy = DID(trusted: row[MemberTable.grantedBy])
        grantedAt = Timestamp(microseconds: row[MemberTable.grantedAt])
    }
}

extension TableReader {
    package func member(_ name: String, of space: Int64) throws -> Member? {
        try first(
            MemberTable.self, where: [MemberTable.space.is(space), MemberTable.member.is(name)], Member.init)
    }
}

extension StoreTransaction {
    /// Puts somebody on the list of a space as a row says, with an edge for each right, so that each ends by itself: what
    /// rests on a right that is kept lives on. `invite` is the one by which it came.
    ///
    /// A space that is not here, or no longer, is on the list all the same; it contributes nothing until it is made.
    func put(_ member: Member, in space: SpaceRecord, invite: String? = nil) throws {
        let place = try Space(space.uri)
        let audience = member.isSpace ? DID(space: try Space(SpaceURI(member.name))) : try DID(member.name)
        let wanted = member.isSpace ? member.access.subtracting(.manage) : member.access
        var missing = Set(wanted.abilities)
        var dropped: [Snapshot.EdgeID] = []
        var isOnList = false
        for held in graph.memberships(of: audience, in: place, at: now) {
            let rights = MemberAccess(held.abilities).abilities
            // One right is enough of one edge.
            if wanted.abilities.isEmpty ? rights.isEmpty && !isOnList : rights.contains(where: missing.contains),
                rights.allSatisfy(wanted.abilities.contains)
            {
                missing.subtract(rights)
                isOnList = true
            } else {
                dropped.append(held.edge)
            }
        }
        let new = isOnList || !missing.isEmpty ? wanted.abilities.filter(missing.contains).map { [$0] } : [[]]
        for (index, abilities) in new.enumerated() {
            try admitMembership(
                of: audience, abilities, in: space, by: member.grantedBy, at: member.grantedAt,
                invite: index == 0 ? invite : nil)
        }
        for edge in dropped {
            try strike(edge, EdgeEnd(by: member.grantedBy, reason: "accessChanged", isReplaced: true))
        }
    }

    /// Takes somebody off the list of a space; false when it is not on it.
    func removeMember(_ name: String, of space: SpaceRecord, _ end: EdgeEnd) throws -> Bool {
        let held = graph.memberships(of: DID(trusted: name), in: try Space(space.uri), at: now)
        for membership in held { try strike(membership.edge, end) }
        return !held.isEmpty
    }

    private func admitMembership(
        of audience: DID, _ abilities: [Ability], in space: SpaceRecord, by actor: DID, at granted: Timestamp,
        invite: String?
    ) throws {
        guard let list = try spaces.edge(of: space.uri, .list) else {
            throw StorageError(.internal, "a space has lost the edge its members rest on")
        }
        let resource = Resource.atproto(space: try Space(space.uri), path: nil)
        var facts: CBORMap = ["at": .int(granted.microseconds)]
        facts["invite"] = invite.map { .text($0) }
        try admit(
            HostStatement(
                kind: .membership, issuer: try DID(space.uri.authority), audience: audience,
                capabilities: (abilities + [.spaceBelong]).map { Capability(resource: resource, ability: $0) },
                proofs: [list], actor: actor, facts: facts))
    }
}
