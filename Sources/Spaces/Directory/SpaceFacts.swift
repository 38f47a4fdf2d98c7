import ATProto
import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// What this host states of spaces beside edges, as it stands in the log (`fct` of statements, and notes).
///
/// Times are microseconds since 1970; edges are named by the 32 bytes of their ids.
enum SpaceFacts {
    /// Which statement of a space a note is.
    enum Note: String {
        /// A space as it is made or set: who made it, who owns it, its settings.
        case space
        /// A space is gone; what stays of it.
        case tombstone
        /// An authority elsewhere took a credential back.
        case foreign
        /// An authority elsewhere took back more than is kept, or its space.
        case blackout
        /// What an older release kept in a row alone: for which of a space's edges, of whom, in which words.
        case role, member, invite, credential
    }

    static let note = "space.note"

    static func space(_ record: SpaceRecord) -> CBORMap {
        var map: CBORMap = [
            note: .text(Note.space.rawValue), "uri": .text(record.uri.text), "creator": .text(record.creator.text),
            "owner": .text(record.owner.text), "created": .int(record.createdAt.microseconds),
            "updated": .int(record.updatedAt.microseconds), "read": .text(record.settings.readPolicy.stored),
            "write": .text(record.settings.writePolicy.stored), "apps": .text(record.settings.appAccess.stored),
            "config": .text(record.settings.config.stored),
        ]
        map["name"] = record.settings.displayName.map { .text($0) }
        map["description"] = record.settings.description.map { .text($0) }
        return map
    }

    static func tombstone(_ uri: SpaceURI, _ tombstone: SpaceTombstone) -> CBORMap {
        [
            note: .text(Note.tombstone.rawValue), "uri": .text(uri.text), "owner": .text(tombstone.owner.text),
            "deleted": .int(tombstone.deletedAt.microseconds), "before": .int(Int64(tombstone.revision)),
            "wasOpen": .bool(tombstone.wasOpen),
        ]
    }

    static func foreign(_ space: SpaceURI, jti: String, until: Timestamp) -> CBORMap {
        [
            note: .text(Note.foreign.rawValue), "uri": .text(space.text), "jti": .text(jti),
            "until": .int(until.microseconds),
        ]
    }

    static func blackout(_ space: SpaceURI, until: Timestamp) -> CBORMap {
        [note: .text(Note.blackout.rawValue), "uri": .text(space.text), "until": .int(until.microseconds)]
    }
}

/// Reads the facts of one statement; what is missing or of another kind is a damaged log.
struct FactReader {
    let map: CBORMap

    func text(_ name: String) throws -> String {
        guard case .text(let text)? = map[name] else { throw Self.malformed(name) }
        return text
    }

    func optionalText(_ name: String) throws -> String? { map[name] == nil ? nil : try text(name) }

    func integer(_ name: String) throws -> Int64 {
        guard let value = map[name]?.int64 else { throw Self.malformed(name) }
        return value
    }

    func optionalInteger(_ name: String) throws -> Int64? { map[name] == nil ? nil : try integer(name) }

    func bool(_ name: String) throws -> Bool {
        switch map[name] {
        case nil: return false
        case .bool(let value)?: return value
        default: throw Self.malformed(name)
        }
    }

    func bytes(_ name: String) throws -> [UInt8] {
        guard case .bytes(let bytes)? = map[name] else { throw Self.malformed(name) }
        return bytes
    }

    func time(_ name: String) throws -> Timestamp { Timestamp(microseconds: try integer(name)) }

    func uri() throws -> SpaceURI { try SpaceURI(text("uri")) }

    /// Reads a space as it is stated; its number is given by who makes it.
    func space(number: Int64) throws -> SpaceRecord {
        var settings = SpaceSettings()
        settings.displayName = try optionalText("name")
        settings.description = try optionalText("description")
        settings.readPolicy = UserPolicy(stored: try text("read"))
        settings.writePolicy = UserPolicy(stored: try text("write"))
        settings.appAccess = AppAccess(stored: try text("apps"))
        settings.config = SpaceConfig(stored: try text("config"))
        return SpaceRecord(
            number: number, uri: try uri(), creator: DID(trusted: try text("creator")),
            owner: DID(trusted: try text("owner")), createdAt: try time("created"), updatedAt: try time("updated"),
            settings: settings)
    }

    func tombstone() throws -> SpaceTombstone {
        SpaceTombstone(
            owner: DID(trusted: try text("owner")), deletedAt: try time("deleted"),
            revision: UInt32(clamping: try integer("before")), wasOpen: try bool("wasOpen"))
    }

    static func malformed(_ name: String) -> StorageError {
        StorageError(.corrupt, "a statement of the log lacks `\(name)`", hint: "restore it from a backup")
    }
}
