package import ATProto
import CapabilityGraph
package import Storage
package import UCAN

/// Adds, changes, removes and lists the members of spaces held here (atproto-spaces.md 14.4, 14.5).
package struct SpaceMembers: Sendable {
    let store: GraphStore

    package init(store: GraphStore) { self.store = store }

    /// Whom a call of addMember names, and with what.
    package struct Addition: Sendable {
        /// A DID, or with `isSpace` the URI of a space.
        package let name: String
        package let isSpace: Bool
        /// nil leaves an existing row as it is, and gives a new one `usual`.
        package let access: MemberAccess?
        package let usual: MemberAccess
        /// Gives or takes the right to manage, an extension; nil leaves it as it is.
        package let manage: Bool?
        /// True to refuse an existing member with `MemberAlreadyExists`, as the older interface does.
        package let refusesExisting: Bool

        package init(
            name: String, isSpace: Bool, access: MemberAccess?, usual: MemberAccess, manage: Bool? = nil,
            refusesExisting: Bool
        ) throws(ATProtoError) {
            self.name = try SpaceMembers.checked(name, isSpace: isSpace)
            self.isSpace = isSpace
            self.access = access
            self.usual = usual
            self.manage = manage
            self.refusesExisting = refusesExisting
        }

        /// The access after the call, of who has or has not one already; the right to manage stays unless it is named.
        func access(_ existing: MemberAccess?) -> MemberAccess {
            var result = access ?? existing ?? usual
            if manage ?? existing?.contains(.manage) ?? false { result.insert(.manage) }
            if manage == false { result.remove(.manage) }
            return result
        }
    }

    /// Reads the name of who may be on the list already into its one form: former releases took names that no longer name
    /// anybody. Throws `InvalidRequest`.
    package static func listed(_ name: String, isSpace: Bool) throws(ATProtoError) -> String {
        do throws(ATProtoError) {
            return try checked(name, isSpace: isSpace)
        } catch {
            guard !isSpace, ATProtoDID.isWellFormed(name) else { throw error }
            return name
        }
    }

    /// Reads a member's name into its one form; throws `InvalidRequest`.
    package static func checked(_ name: String, isSpace: Bool) throws(ATProtoError) -> String {
        if isSpace { return try SpaceURI(accepting: name).text }
        guard ATProtoDID.isValid(name), let did = try? DID(name) else {
            throw ATProtoError("InvalidRequest", "`did` is not a DID of at most \(DID.maximumLength) bytes")
        }
        return did.text
    }

    /// Adds a member; an existing one is taken as it is, changed where a level is asked for, or refused.
    package func add(_ permit: Permit, _ addition: Addition, at now: Timestamp) throws -> Member {
        try change(permit, at: now) { transaction, space, actor in
            let existing = try transaction.member(addition.name, of: space.number)
            if let existing {
                if addition.refusesExisting {
                    throw ATProtoError("MemberAlreadyExists", "the space has that member already")
                }
                guard addition.access(existing.access) != existing.access else { return existing }
            }
            guard !addition.name.utf8.elementsEqual(space.uri.text.utf8) else {
                throw ATProtoError("InvalidRequest", "a space cannot be a member of itself")
            }
            let member = Member(
                name: addition.name, isSpace: addition.isSpace, access: addition.access(existing?.access),
                grantedBy: actor, grantedAt: existing?.grantedAt ?? transaction.now)
            try transaction.put(member, in: space)
            return member
        }
    }

    /// Sets the two flags of a member, adding it where it is missing (putMember).
    package func put(
        _ permit: Permit, did: DID, read: Bool, write: Bool, swap: MemberAccess? = nil, at now: Timestamp
    ) throws -> Member {
        try change(permit, at: now) { transaction, space, actor in
            let existing = try transaction.member(did.text, of: space.number)
            // An extension: the flags the caller believes to replace (21.16).
            if let swap, let held = existing?.access ?? .some([]),
                held.reads != swap.reads || held.writes != swap.writes
            {
                throw ATProtoError("InvalidSwap", "the member's access is another")
            }
            let access = (existing?.access ?? []).replacing(read: read, write: write)
            if let existing, existing.access == access { return existing }
            let member = Member(
                name: did.text, isSpace: false, access: access, grantedBy: actor,
                grantedAt: existing?.grantedAt ?? transaction.now)
            try transaction.put(member, in: space)
            return member
        }
    }

    /// Takes a member off the list: its edge ends, and with it everything that was minted on it.
    ///
    /// Removing who is not there is done already; with `refusesMissing` it is `MemberNotFound`. Gives the ids of the open
    /// invites that could have brought the member back and no longer do: they admit nobody who was removed after them.
    @discardableResult
    package func remove(
        _ permit: Permit, name: String, refusesMissing: Bool = false, at now: Timestamp
    ) throws -> [String] {
        try change(permit, at: now) { transaction, space, actor in
            let end = EdgeEnd(by: actor, reason: "removed")
            guard try transaction.removeMember(name, of: space, end) else {
                _ = try Self.checked(name, isSpace: !name.utf8.starts(with: "did:".utf8))
                guard !refusesMissing else { throw ATProtoError("MemberNotFound", "the space has no such member") }
                return []
            }
            return try transaction.openInvites(of: space).map(\.id)
        }
    }

    /// Runs a change with a confirmed permit, then revokes the credentials that lost what they rest on.
    private func change<Value: Sendable>(
        _ permit: Permit, at now: Timestamp,
        _ body: @escaping @Sendable (StoreTransaction, SpaceRecord, DID) throws -> Value
    ) throws -> Value {
        try permit.require(.manageMembers)
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let space = try transaction.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            let result = try body(transaction, space, permit.principal)
            try transaction.revokeDeadCredentials(below: space.uri, because: .memberChanged)
            return result
        }
    }
}

extension SpaceMembers {
    /// Lists whom the space admits, member spaces resolved, by DID; `next` is the cursor of the following page.
    package func list(
        _ permit: Permit, limit: Int, after cursor: String
    ) throws -> (members: [ListedMember], next: String?) {
        try permit.require(.listMembers(of: nil))
        guard let space = try store.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
        return try store.read { tables in
            let spaces = try store.contributingSpaces(to: space, publicOnly: permit.isOpen)
            let found = try tables.flattened(spaces, limit: limit + 1, after: cursor)
            let page = Array(found.prefix(limit))
            return (page, found.count > limit ? page.last?.did : nil)
        }
    }

    /// Lists the rows as they are written, member spaces among them but for who sees what everybody does.
    package func rows(
        _ permit: Permit, limit: Int, after cursor: String
    ) throws -> (members: [Member], next: String?) {
        try permit.require(.listMembers(of: nil))
        guard let space = try store.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
        return try store.read { tables in
            let found = try tables.rows(
                MemberTable.self,
                where: [MemberTable.space.is(space.number), MemberTable.member.isAbove(cursor)]
                    + (permit.isOpen ? [MemberTable.isSpace.is(false)] : []),
                order: [MemberTable.member.ascending], limit: limit + 1, Member.init)
            let page = Array(found.prefix(limit))
            return (page, found.count > limit ? page.last?.name : nil)
        }
    }

    /// What the list gives one DID, member spaces resolved; nil when it is not on it.
    package func access(_ permit: Permit, of did: DID) throws -> MemberAccess? {
        guard case .listMembers = permit.operation else { throw AccessRefusal.closed }
        if case .listMembers(of: let only?) = permit.operation, only != did { throw AccessRefusal.closed }
        guard let space = try store.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
        return try store.read { tables in
            return try tables.flattened(
                try store.contributingSpaces(to: space, publicOnly: permit.isOpen), did: did)
        }
    }
}
