package import ATProto
import Multiformats
package import UCAN

/// One space held here: who made it, who owns it, how it is set. One value is shared by all that read it.
package final class SpaceRecord: Sendable, Hashable {
    /// Names the space inside the tables: the revision at which it was made.
    package let number: Int64
    package let uri: SpaceURI
    /// The account that made it; says nothing about rights.
    package let creator: DID
    /// Who manages it: the authority, or the account the authority handed it to.
    package let owner: DID
    package let createdAt: Timestamp
    package let updatedAt: Timestamp
    package let settings: SpaceSettings

    init(
        number: Int64, uri: SpaceURI, creator: DID, owner: DID, createdAt: Timestamp, updatedAt: Timestamp,
        settings: SpaceSettings
    ) {
        self.number = number
        self.uri = uri
        self.creator = creator
        self.owner = owner
        self.createdAt = createdAt
        self.updatedAt = updatedAt
        self.settings = settings
    }

    /// A name that shows neither how many spaces there are nor where this one is stored.
    package var identifier: String { String(SHA256.hash(Array(uri.text.utf8)).hex.prefix(32)) }

    package static func == (left: SpaceRecord, right: SpaceRecord) -> Bool {
        left === right
            || left.number == right.number && left.uri == right.uri && left.creator == right.creator
                && left.owner == right.owner && left.createdAt == right.createdAt
                && left.updatedAt == right.updatedAt && left.settings == right.settings
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        hasher.combine(uri)
    }
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
