package import ATProto
package import Multiformats

/// Holds the further settings of a space: those this host acts on, and any others as their owner wrote them.
///
/// Known keys are taken in camelCase or snake_case and kept in camelCase (atproto-spaces.md 5, 12 extras).
package struct SpaceConfig: Hashable, Sendable {
    /// In canonical spelling; unknown members as given.
    package private(set) var members: JSONObject

    /// The most bytes of its JSON text.
    package static let maximumLength = 16 * 1024
    package static let maximumCollections = 256

    private static let flags = ["membershipPublic", "recordsPublic", "membersCanList"]
    private static let collections = "allowedCollections"

    package init() { members = JSONObject() }

    /// Anyone may be told settings, members and writers.
    package var membershipPublic: Bool { members["membershipPublic"]?.bool ?? false }
    /// Anyone may read records, signed in or not (21.4).
    package var recordsPublic: Bool { members["recordsPublic"]?.bool ?? false }
    /// Members may list members.
    package var membersCanList: Bool { members["membersCanList"]?.bool ?? false }

    /// The collections that may be written to; nil when any.
    package var allowedCollections: [String]? {
        members[Self.collections]?.array.map { $0.compactMap(\.string) }
    }

    package func allows(collection: String) -> Bool {
        allowedCollections?.contains { UTF8Bytes.equal($0, collection) } ?? true
    }

    package var json: JSON { .object(members) }

    /// Takes over the given members: null removes one, what is absent stays. Throws `InvalidRequest`.
    package mutating func apply(_ changes: JSONObject) throws(ATProtoError) {
        var given = JSONObject()
        for (key, value) in changes.members {
            let name = Self.canonical(key)
            if let other = given[name], other != value {
                throw ATProtoError("InvalidRequest", "`config.\(name)` is given in two spellings that disagree")
            }
            given[name] = value
        }
        for (key, value) in given.members {
            guard !value.isNull else {
                members[key] = nil
                continue
            }
            if Self.flags.contains(where: { UTF8Bytes.equal($0, key) }), value.bool == nil {
                throw ATProtoError("InvalidRequest", "`config.\(key)` takes `true` or `false`")
            }
            if UTF8Bytes.equal(key, Self.collections) { try Self.checkCollections(value) }
            members[key] = value
        }
        guard json.serialized().count <= Self.maximumLength else {
            throw ATProtoError("InvalidRequest", "`config` is larger than \(Self.maximumLength) bytes")
        }
    }

    private static func checkCollections(_ value: JSON) throws(ATProtoError) {
        guard let items = value.array, items.count <= maximumCollections,
            items.allSatisfy({ $0.string.map { NSID.isValid($0) } ?? false })
        else {
            throw ATProtoError("InvalidRequest", "`config.allowedCollections` is an array of NSIDs")
        }
    }

    /// The camelCase spelling of a known key; any other key as given.
    private static func canonical(_ key: String) -> String {
        for name in flags + [collections] where UTF8Bytes.equal(key, snake(name)) { return name }
        return key
    }

    private static func snake(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            if (0x41...0x5A).contains(byte) { text += "_" }
            text.unicodeScalars.append(Unicode.Scalar((0x41...0x5A).contains(byte) ? byte + 0x20 : byte))
        }
        return text
    }
}

extension SpaceConfig {
    var stored: String { String(decoding: json.serialized(), as: UTF8.self) }

    init(stored text: String) { members = (try? JSON.parse(Array(text.utf8)))?.object ?? JSONObject() }
}
