package import ATProto
package import Multiformats

/// Says which applications may act in a space, by attested client id compared byte for byte (atproto-spaces.md 5).
package enum AppAccess: Hashable, Sendable {
    case open
    case allowList([String])
    /// Every attested application but these: an extension that keeps the meaning of HV2.5's denylist and, unlike it,
    /// does not let through whoever stays unnamed.
    case denyList([String])

    /// The most client ids of a list, and the most bytes of one.
    package static let maximumCount = 256
    package static let maximumLength = 2048

    private static let prefix = "com.atproto.simplespace.defs#"

    /// The union member of the lexicon.
    package var json: JSON {
        switch self {
        case .open: ["$type": .string(Self.prefix + "open")]
        case .allowList(let clients):
            ["$type": .string(Self.prefix + "allowList"), "allowed": .array(clients.map { .string($0) })]
        case .denyList(let clients):
            ["$type": .string(Self.prefix + "denyList"), "denied": .array(clients.map { .string($0) })]
        }
    }

    /// The same with the older interface's `type` beside `$type`.
    package var wideJSON: JSON {
        var object = json.object ?? JSONObject()
        object["type"] = .string(word)
        return .object(object)
    }

    private var word: String {
        switch self {
        case .open: "open"
        case .allowList: "allowList"
        case .denyList: "denyList"
        }
    }

    /// Reads the union, by `$type` or by the older interface's `type`; throws `UnsupportedAppAccess` for what is not
    /// implemented and `InvalidRequest` for what is no such object.
    package init(_ json: JSON) throws(ATProtoError) {
        guard let object = json.object else { throw ATProtoError("InvalidRequest", "`appAccess` is an object") }
        let full = object["$type"]?.string
        let short = object["type"]?.string
        guard let name = full ?? short else {
            throw ATProtoError("InvalidRequest", "`appAccess` is an object with `$type`")
        }
        if let full, let short, !UTF8Bytes.equal(full, Self.prefix + short) {
            throw ATProtoError("InvalidRequest", "`$type` and `type` of `appAccess` disagree")
        }
        let word: String
        if full != nil {
            guard name.utf8.starts(with: Self.prefix.utf8) else { throw Self.unsupported }
            word = String(name.dropFirst(Self.prefix.count))
        } else {
            word = name
        }
        switch word {
        case "open": self = .open
        case "allowList": self = .allowList(try Self.clients(object["allowed"], "allowed"))
        case "denyList": self = .denyList(try Self.clients(object["denied"], "denied"))
        default: throw Self.unsupported
        }
    }

    /// Reads HV2.5's fields: a mode and the list that belongs to it. `default_deny` without a list refuses everybody.
    package init(mode: String, allowed: JSON?, denied: JSON?) throws(ATProtoError) {
        switch mode {
        case "default_allow":
            let clients = try denied.map { json throws(ATProtoError) in try Self.clients(json, "appDenylist") } ?? []
            self = clients.isEmpty ? .open : .denyList(clients)
        case "default_deny":
            self = .allowList(
                try allowed.map { json throws(ATProtoError) in try Self.clients(json, "appAllowlist") } ?? [])
        default: throw Self.unsupported
        }
    }

    private static var unsupported: ATProtoError {
        ATProtoError("UnsupportedAppAccess", "this host implements `open`, `allowList` and `denyList`")
    }

    private static func clients(_ json: JSON?, _ name: String) throws(ATProtoError) -> [String] {
        guard let items = json?.array, items.count <= maximumCount else {
            throw ATProtoError("InvalidRequest", "`\(name)` is an array of at most \(maximumCount) client ids")
        }
        var clients: [String] = []
        for item in items {
            guard let client = item.string, (1...maximumLength).contains(client.utf8.count) else {
                throw ATProtoError("InvalidRequest", "`\(name)` holds client ids of 1 to \(maximumLength) bytes")
            }
            if !clients.contains(where: { UTF8Bytes.equal($0, client) }) { clients.append(client) }
        }
        return clients
    }
}

extension AppAccess {
    var stored: String { String(decoding: json.serialized(), as: UTF8.self) }

    /// Reads the text of the table; what this release does not know lets nobody in.
    init(stored text: String) {
        self = (try? AppAccess(try JSON.parse(Array(text.utf8)))) ?? .allowList([])
    }
}
