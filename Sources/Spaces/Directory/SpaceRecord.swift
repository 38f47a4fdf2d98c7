package import ATProto
import Multiformats
package import Storage
package import UCAN

/// One space held here: who made it, who owns it, how it is set.
package struct SpaceRecord: Sendable, Hashable {
    /// Names the space inside the tables.
    package let number: Int64
    package let uri: SpaceURI
    /// The account that made it; says nothing about rights.
    package let creator: DID
    /// Who manages it: the authority, or the account the authority handed it to.
    package let owner: DID
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let settings: SpaceSettings

    /// A name that shows neither how many spaces there are nor where this one is stored.
    package var identifier: String { String(SHA256.hash(Array(uri.text.utf8)).hex.prefix(32)) }
}

/// What is left of a deleted space (section 18).
package struct SpaceTombstone: Sendable, Hashable {
    package let owner: DID
    package let deletedAt: Timestamp
    /// The graph's revision before the deletion.
    package let revision: UInt32
    /// True when a managing application admitted people, whom the graph does not know by name.
    package let wasOpen: Bool
}

extension TableReader {
    package func space(_ uri: SpaceURI) throws -> SpaceRecord? {
        try first(
            """
            SELECT id, uri, creator, owner, created_at, updated_at, display_name, description, read_policy, \
            write_policy, app_access, config FROM space WHERE uri = ?1
            """, [.text(uri.text)], SpaceRecord.init)
    }

    func space(number: Int64) throws -> SpaceRecord? {
        try first(
            """
            SELECT id, uri, creator, owner, created_at, updated_at, display_name, description, read_policy, \
            write_policy, app_access, config FROM space WHERE id = ?1
            """, [.integer(number)], SpaceRecord.init)
    }

    package func tombstone(_ uri: SpaceURI) throws -> SpaceTombstone? {
        try first(
            "SELECT owner, deleted_at, revision, was_open FROM space_tombstone WHERE uri = ?1", [.text(uri.text)]
        ) { row in
            SpaceTombstone(
                owner: DID(trusted: row.text(0)), deletedAt: Timestamp(microseconds: row.integer(1)),
                revision: UInt32(clamping: row.integer(2)), wasOpen: row.bool(3))
        }
    }
}

extension SpaceRecord {
    /// Reads the twelve columns of a row, in the order of the queries above.
    init(_ row: SQLRow) throws {
        number = row.integer(0)
        uri = try SpaceURI(row.text(1))
        creator = DID(trusted: row.text(2))
        owner = DID(trusted: row.text(3))
        createdAt = Timestamp(microseconds: row.integer(4))
        updatedAt = Timestamp(microseconds: row.integer(5))
        var settings = SpaceSettings()
        settings.displayName = row.optionalText(6)
        settings.description = row.optionalText(7)
        settings.readPolicy = UserPolicy(stored: row.text(8))
        settings.writePolicy = UserPolicy(stored: row.text(9))
        settings.appAccess = AppAccess(stored: row.text(10))
        settings.config = SpaceConfig(stored: row.text(11))
        self.settings = settings
    }
}
