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
    /// it. Throws `SpaceAlreadyExists`.
    package func create(
        _ permit: Permit, _ change: SettingsChange, listsCreator: Bool = false, at now: Timestamp
    ) throws -> DescribedSpace {
        try permit.require(.createSpace)
        let settings = try change.applied(to: SpaceSettings())
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard try transaction.space(permit.space) == nil else { throw Self.exists }
            let record = try transaction.insertSpace(permit.space, settings, owner: permit.principal)
            try transaction.host(try Space(record.uri))
            try transaction.reconcileEdges(of: record, by: record.owner)
            if listsCreator {
                let member = Member(
                    name: record.owner.text, isSpace: false, access: .writer, grantedBy: record.owner, grantedAt: now)
                try transaction.put(member, in: record)
            }
            try transaction.refreshRows(naming: record.uri, by: record.owner)
            return try transaction.described(record)
        }
    }

    package static let exists = ATProtoError("SpaceAlreadyExists", "the space exists already")

    /// Changes settings, and with them whom the edges admit; credentials that lose what they rest on are revoked.
    package func update(_ permit: Permit, _ change: SettingsChange, at now: Timestamp) throws -> DescribedSpace {
        try permit.require(.updateSpace)
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let old = try transaction.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            let record = try transaction.set(
                try change.applied(to: old.settings), of: old, by: permit.principal)
            return try transaction.described(record)
        }
    }

    /// States what an earlier release read from the settings at each question: whom a managing application admits, which
    /// applications are kept out, which collections are taken. Nothing where all of it was stated.
    package func completeEdges(at now: Timestamp) throws {
        let wanting = try store.read { tables in
            try tables.rows(
                """
                SELECT uri FROM space WHERE NOT EXISTS \
                (SELECT 1 FROM space_edge WHERE space_edge.space = space.id AND role = ?1)
                """, [.text(SpaceEdges.Role.take.rawValue)]
            ) { $0.text(0) }
        }
        for uri in wanting {
            try store.transact(at: now) { change in
                guard let record = try change.space(try SpaceURI(uri)) else { return }
                try change.reconcileEdges(of: record, by: record.owner)
            }
        }
    }

    /// Reads a space the caller may be told about, as any of its members or as who manages it.
    package func find(_ permit: Permit) throws -> DescribedSpace {
        guard permit.operation == .readSettings || permit.operation == .readConfig else { throw AccessRefusal.closed }
        return try store.read { tables in
            guard let record = try tables.space(permit.space) else { throw AccessRefusal.spaceNotFound }
            return try tables.described(record)
        }
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
        let revision = try first("SELECT rev FROM space_revision WHERE uri = ?1", [.text(record.uri.text)]) {
            $0.optionalInteger(0).map(TID.init(column:))
        }
        return DescribedSpace(record: record, revision: revision ?? nil)
    }
}

extension StoreTransaction {
    /// Changes the settings of a space, and the edges and credentials that follow from them.
    func set(_ settings: SpaceSettings, of old: SpaceRecord, by actor: DID) throws -> SpaceRecord {
        guard settings != old.settings else { return old }
        let record = try updateSpace(old, settings)
        let made = try reconcileEdges(of: record, by: actor)
        if !made.isDisjoint(with: [.listRead, .listWrite]) { try reissueMembers(of: record) }
        try revokeDeadCredentials(below: record.uri, because: .settingsChanged)
        return record
    }

    /// Writes the row of a new space; a tombstone under its name goes.
    fileprivate func insertSpace(_ uri: SpaceURI, _ settings: SpaceSettings, owner: DID) throws -> SpaceRecord {
        try run("DELETE FROM space_tombstone WHERE uri = ?1", [.text(uri.text)])
        try run(
            """
            INSERT INTO space(uri, authority, type, skey, creator, owner, created_at, updated_at, display_name, \
            description, read_policy, write_policy, app_access, config) \
            VALUES(?1, ?2, ?3, ?4, ?5, ?5, ?6, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """,
            [
                .text(uri.text), .text(uri.authority), .text(uri.type), .text(uri.skey), .text(owner.text),
                .integer(now.microseconds), .text(optional: settings.displayName),
                .text(optional: settings.description), .text(settings.readPolicy.stored),
                .text(settings.writePolicy.stored), .text(settings.appAccess.stored), .text(settings.config.stored),
            ])
        guard let record = try space(uri) else { throw AccessRefusal.spaceNotFound }
        return record
    }

    fileprivate func updateSpace(_ old: SpaceRecord, _ settings: SpaceSettings) throws -> SpaceRecord {
        try run(
            """
            UPDATE space SET updated_at = ?2, display_name = ?3, description = ?4, read_policy = ?5, \
            write_policy = ?6, app_access = ?7, config = ?8 WHERE id = ?1
            """,
            [
                .integer(old.number), .integer(max(now.microseconds, old.updatedAt.microseconds)),
                .text(optional: settings.displayName), .text(optional: settings.description),
                .text(settings.readPolicy.stored), .text(settings.writePolicy.stored),
                .text(settings.appAccess.stored), .text(settings.config.stored),
            ])
        guard let record = try space(old.uri) else { throw AccessRefusal.spaceNotFound }
        return record
    }
}
