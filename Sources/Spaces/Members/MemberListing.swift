import ATProto
import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// A space whose members count in another one, and how much of their rights.
struct ContributingSpace: Hashable {
    let space: SpaceRecord
    /// What the rows on the way let through; the asked space itself has everything.
    let cap: MemberAccess
}

/// One DID of a flattened member list.
package struct ListedMember: Hashable, Sendable {
    package let did: String
    package let access: MemberAccess

    package init(did: String, access: MemberAccess) {
        self.did = did
        self.access = access
    }
}

extension GraphStore {
    /// The space itself and those that are members of it, directly or through others (section 5), as the walk that decides
    /// finds them: each axis of rights by its shortest way.
    ///
    /// With `publicOnly` those whose own list is not for everybody do not count, however public the one they are in.
    func contributingSpaces(to space: SpaceRecord, publicOnly: Bool = false) throws -> [ContributingSpace] {
        let graph = try freshSnapshot()
        let lookup = try spaces
        func record(_ space: Space) -> SpaceRecord? { (try? SpaceURI(space.text)).flatMap(lookup.space) }
        var caps: [Space: MemberAccess] = [:]
        var order: [Space] = []
        // Nothing of a list has a window, so any time will do.
        for ability in [Ability.spaceBelong, .spaceReadSelf, .spaceRead, .spaceWrite] {
            let found = graph.memberSpaces(of: try Space(space.uri), for: ability, at: Timestamp(microseconds: 0)) {
                inner in
                !publicOnly || record(inner)?.settings.config.membershipPublic ?? false
            }
            for inner in found {
                if caps[inner] == nil { order.append(inner) }
                caps[inner, default: []] = caps[inner, default: []].merged(with: MemberAccess([ability]))
            }
        }
        let all = ContributingSpace(space: space, cap: .writer)
        return [all]
            + order.compactMap { inner in
                record(inner).map { ContributingSpace(space: $0, cap: caps[inner] ?? []) }
            }
    }
}

extension TableReader {
    /// Up to `limit` DIDs behind `cursor`, in byte order, with the most permissive of all their ways in; delegation rows
    /// are not shown, but whom they admit is, the owners of member spaces included. The owner of the space itself is on
    /// its list only by a row.
    func flattened(_ spaces: [ContributingSpace], limit: Int, after cursor: String) throws -> [ListedMember] {
        var merged: [String: MemberAccess] = [:]
        for (index, contributing) in spaces.enumerated() {
            func add(_ did: String, _ access: MemberAccess) {
                let given = index == 0 ? access : contributing.cap.capping(access)
                merged[did] = merged[did]?.merged(with: given) ?? given
            }
            // As many of each as the page holds are enough: what comes later there comes later in the page too.
            try each(
                MemberTable.self, [MemberTable.member, MemberTable.access],
                where: [
                    MemberTable.space.is(contributing.space.number), MemberTable.member.isAbove(cursor),
                    MemberTable.isSpace.is(false),
                ], order: [MemberTable.member.ascending], limit: limit
            ) { row in
                add(row[MemberTable.member], MemberAccess(rawValue: row[MemberTable.access]))
                return true
            }
            let owner = contributing.space.owner.text
            let isInherited = index > 0 && contributing.space.owner != spaces[0].space.owner
            if isInherited, UTF8Bytes.precedes(cursor, owner) { add(owner, .writer) }
        }
        let page = merged.sorted { UTF8Bytes.precedes($0.key, $1.key) }.prefix(limit)
        return page.map { ListedMember(did: $0.key, access: $0.value) }
    }

    /// What one DID gets by the list, through member spaces too; nil when it is not on it.
    func flattened(_ spaces: [ContributingSpace], did: DID) throws -> MemberAccess? {
        var result: MemberAccess?
        for (index, contributing) in spaces.enumerated() {
            var found = try member(did.text, of: contributing.space.number)?.access
            if index > 0, contributing.space.owner == did, did != spaces[0].space.owner {
                found = (found ?? []).merged(with: .writer)
            }
            guard let found else { continue }
            let given = index == 0 ? found : contributing.cap.capping(found)
            result = result?.merged(with: given) ?? given
        }
        return result
    }
}
