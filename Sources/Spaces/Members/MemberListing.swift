import ATProto
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

extension TableReader {
    /// The space itself and those that are members of it, directly or through others (section 5).
    ///
    /// Spaces at depths 0 to 9 count, each axis of rights by its shortest way; those that are not here do not, nor with
    /// `publicOnly` those whose own list is not for everybody, however public the one they are in.
    func contributingSpaces(to space: SpaceRecord, publicOnly: Bool = false) throws -> [ContributingSpace] {
        var axes: [Int64: MemberAxes] = [space.number: .all]
        var known: [Int64: SpaceRecord] = [space.number: space]
        var order = [space.number]
        var frontier: [(Int64, MemberAxes)] = [(space.number, .all)]
        for _ in 1...9 {
            var reached: [Int64: MemberAxes] = [:]
            for (number, gained) in frontier {
                for (target, access) in try memberSpaces(of: number) {
                    guard let inner = try known.values.first(where: { $0.uri == target }) ?? self.space(target) else {
                        continue
                    }
                    guard !publicOnly || inner.settings.config.membershipPublic else { continue }
                    if known.updateValue(inner, forKey: inner.number) == nil { order.append(inner.number) }
                    let new = gained.intersection(MemberAxes(access)).subtracting(axes[inner.number] ?? [])
                    if !new.isEmpty { reached[inner.number, default: []].formUnion(new) }
                }
            }
            guard !reached.isEmpty else { break }
            for (number, new) in reached { axes[number, default: []].formUnion(new) }
            frontier = order.compactMap { number in reached[number].map { (number, $0) } }
        }
        return order.compactMap { number in
            guard let space = known[number], let axes = axes[number] else { return nil }
            return ContributingSpace(space: space, cap: axes.access)
        }
    }

    private func memberSpaces(of space: Int64) throws -> [(SpaceURI, MemberAccess)] {
        try rows(
            "SELECT member, access FROM space_member WHERE space = ?1 AND is_space = 1", [.integer(space)]
        ) { (try SpaceURI($0.text(0)), MemberAccess(rawValue: $0.integer(1))) }
    }

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
                """
                SELECT member, access FROM space_member WHERE space = ?1 AND member > ?2 AND is_space = 0 \
                ORDER BY member LIMIT ?3
                """, [.integer(contributing.space.number), .text(cursor), .integer(limit)]
            ) { row in
                add(row.text(0), MemberAccess(rawValue: row.integer(1)))
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

/// The rights that travel on their own through member spaces.
private struct MemberAxes: OptionSet {
    let rawValue: UInt8

    static let readAll = MemberAxes(rawValue: 1)
    static let readSelf = MemberAxes(rawValue: 2)
    static let write = MemberAxes(rawValue: 4)
    static let stand = MemberAxes(rawValue: 8)
    static let all: MemberAxes = [.readAll, .readSelf, .write, .stand]

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ access: MemberAccess) {
        self = [.stand]
        if access.reads { insert(.readSelf) }
        if access.readsAll { insert(.readAll) }
        if access.writes { insert(.write) }
    }

    var access: MemberAccess {
        var access: MemberAccess = []
        if contains(.readSelf) { access.insert(.read) }
        if contains(.readSelf), !contains(.readAll) { access.insert(.selfOnly) }
        if contains(.write) { access.insert(.write) }
        return access
    }
}
