package import ATProto
import CapabilityGraph

/// What a row of the member list gives: three axes of the specification, and the right to manage (section 5).
package struct MemberAccess: OptionSet, Hashable, Sendable {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    /// Read what others wrote, unless narrowed by `selfOnly`.
    package static let read = MemberAccess(rawValue: 1)
    /// Write to the own repo.
    package static let write = MemberAccess(rawValue: 2)
    /// Narrows `read` to own records: no delegation token, no credential.
    package static let selfOnly = MemberAccess(rawValue: 4)
    /// Change settings, members and invites, delete the space: an extension.
    package static let manage = MemberAccess(rawValue: 8)

    package static let reader: MemberAccess = [.read]
    package static let writer: MemberAccess = [.read, .write]
    package static let readSelf: MemberAccess = [.read, .selfOnly]

    /// The flags of the wire: `read` is also true where it is narrowed.
    package var reads: Bool { contains(.read) }
    package var writes: Bool { contains(.write) }
    package var readsAll: Bool { contains(.read) && !contains(.selfOnly) }

    /// The level's word; `write_only` and `none` are beyond the older interface's three.
    package var word: String {
        switch (readsAll, writes) {
        case (true, true): "write"
        case (true, false): "read"
        case (false, true): "write_only"
        case (false, false): reads ? "read_self" : "none"
        }
    }

    /// Reads a level's word; throws `InvalidRequest`.
    package init(word: String) throws(ATProtoError) {
        switch word {
        case "read": self = .reader
        case "write": self = .writer
        case "read_self": self = .readSelf
        case "write_only": self = .write
        default:
            throw ATProtoError("InvalidRequest", "`access` is `read`, `write`, `read_self` or `write_only`")
        }
    }

    /// What the abilities of one edge of the list give.
    init(_ abilities: [Ability]) {
        self = []
        if abilities.contains(.spaceRead) { insert(.read) }
        if abilities.contains(.spaceReadSelf), !contains(.read) { formUnion(.readSelf) }
        if abilities.contains(.spaceWrite) { insert(.write) }
        if abilities.contains(.spaceManage) { insert(.manage) }
    }

    /// The abilities that the list gives for a level, an edge for each.
    var abilities: [Ability] {
        var abilities: [Ability] = []
        if reads { abilities.append(readsAll ? .spaceRead : .spaceReadSelf) }
        if writes { abilities.append(.spaceWrite) }
        if contains(.manage) { abilities.append(.spaceManage) }
        return abilities
    }

    /// Takes the two flags of putMember; what narrows is gone, the right to manage stays.
    package func replacing(read: Bool, write: Bool) -> MemberAccess {
        var access = intersection(.manage)
        if read { access.insert(.read) }
        if write { access.insert(.write) }
        return access
    }

    /// What a member of a member space gets through this row: no more than either allows, and never the right to manage.
    func capping(_ inner: MemberAccess) -> MemberAccess {
        var access = intersection(inner).intersection([.read, .write])
        if access.contains(.read), contains(.selfOnly) || inner.contains(.selfOnly) { access.insert(.selfOnly) }
        return access
    }

    /// The most permissive of two ways in, axis by axis.
    func merged(with other: MemberAccess) -> MemberAccess {
        var access = union(other)
        if readsAll || other.readsAll { access.remove(.selfOnly) }
        return access
    }
}
