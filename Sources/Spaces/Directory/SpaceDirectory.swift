package import ATProto
import CapabilityGraph
package import Storage
package import UCAN

/// Makes, changes and finds the spaces held here (atproto-spaces.md 14).
package struct SpaceDirectory: Sendable {
    let store: GraphStore

    package init(store: GraphStore) { self.store = store }

    /// Makes a space, also where one was deleted; nothing of the old one comes back.
    ///
    /// Its owner is who asked. With `listsCreator` the owner also stands on the member list, as the older interface has
    /// it. With `isUnnamed` the key was drawn, and may not be one that a deleted space had: what others wrote there
    /// under their own names is there still. Throws `SpaceAlreadyExists`.
    package func create(
        _ permit: Permit, _ change: SettingsChange, listsCreator: Bool = false, isUnnamed: Bool = false,
        at now: Timestamp
    ) throws -> DescribedSpace {
        try permit.require(.createSpace)
        let settings = try change.applied(to: SpaceSettings())
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard try transaction.spaces.space(permit.space) == nil else { throw Self.exists }
            if isUnnamed, try transaction.spaces.tombstone(permit.space) != nil { throw Self.exists }
            let made = SpaceRecord(
                number: 0, uri: permit.space, creator: permit.principal, owner: permit.principal, createdAt: now,
                updatedAt: now, settings: settings)
            let record = try transaction.state(made)
            try transaction.host(try Space(record.uri))
            try transaction.reconcileEdges(of: record, by: record.owner)
            if listsCreator {
                let member = Member(
                    name: record.owner.text, isSpace: false, access: .writer, grantedBy: record.owner, grantedAt: now)
                try transaction.put(member, in: record)
            }
            return try transaction.described(record)
        }
    }

    package static let exists = ATProtoError("SpaceAlreadyExists", "the space exists already")

    /// Changes settings, and with them whom the edges admit; credentials that lose what they rest on are revoked.
    package func update(_ permit: Permit, _ change: SettingsChange, at now: Timestamp) throws -> DescribedSpace {
        try permit.require(.updateSpace)
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let old = try transaction.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            let record = try transaction.set(
                try change.applied(to: old.settings), of: old, by: permit.principal)
            return try transaction.described(record)
        }
    }

    /// Reads a space the caller may be told about, as any of its members or as who manages it.
    package func find(_ permit: Permit) throws -> DescribedSpace {
        guard permit.operation == .readSettings || permit.operation == .readConfig else { throw AccessRefusal.closed }
        guard let record = try store.spaces.space(permit.space) else { throw AccessRefusal.spaceNotFound }
        return try store.read { try $0.described(record) }
    }
}

/// A space and the revision its records are at, which `swapCommit` takes (14.2).
package struct DescribedSpace: Sendable, Hashable {
    package let record: SpaceRecord
    /// nil before anything was written to the space.
    package let revision: TID?
}

extension TableReader {
    func described(_ record: SpaceRecord) throws -> DescribedSpace {
        DescribedSpace(record: record, revision: try RepoReader(self).revision(of: record.uri))
    }
}

extension StoreTransaction {
    /// Changes the settings of a space, and the edges and credentials that follow from them.
    func set(_ settings: SpaceSettings, of old: SpaceRecord, by actor: DID) throws -> SpaceRecord {
        guard settings != old.settings else { return old }
        let record = try state(
            SpaceRecord(
                number: old.number, uri: old.uri, creator: old.creator, owner: old.owner, createdAt: old.createdAt,
                updatedAt: max(now, old.updatedAt), settings: settings))
        try reconcileEdges(of: record, by: actor)
        try revokeDeadCredentials(below: record.uri, because: .settingsChanged)
        return record
    }

    /// States a space as it is from now on; gives it as it is kept.
    func state(_ record: SpaceRecord) throws -> SpaceRecord {
        try note(SpaceFacts.space(record))
        guard let kept = try spaces.space(record.uri) else { throw AccessRefusal.spaceNotFound }
        return kept
    }
}
