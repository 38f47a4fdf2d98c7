public import Multiformats
import UCAN

/// States what a policy may give: actions of one service below one path of one space, in the one form that is hashed.
///
/// JSON: `{"service","space","path","actions":[…],"caveats":{…}?}`. Made by `init(_:registry:)`, and so always normal:
/// the path percent-decoded and composed, the actions sorted and distinct, the caveats of one canonical spelling.
public struct PolicyCapability: Sendable {
    /// Begins every hashed text; the zero byte at its end belongs to it.
    public static let domain = "xyz.tinycloud.policy/PolicyCapability/v0\0"

    public let service: String
    public let space: String
    public let path: String
    public let actions: [Ability]
    /// A JSON object; nil when the capability is not narrowed.
    public let caveats: JSON?

    init(service: String, space: String, path: String, actions: [Ability], caveats: JSON?) {
        self.service = service
        self.space = space
        self.path = path
        self.actions = actions
        self.caveats = caveats
    }

    public var json: JSON {
        var object = JSONObject()
        object["service"] = .string(service)
        object["space"] = .string(space)
        object["path"] = .string(path)
        object["actions"] = .array(actions.map { .string($0.text) })
        object["caveats"] = caveats
        return .object(object)
    }

    /// The RFC 8785 bytes, equal exactly when two capabilities say the same.
    public var canonicalBytes: [UInt8] { json.canonical() }

    /// SHA-256 over the domain and the canonical bytes.
    public var hash: Digest { SHA256.hash(Array(Self.domain.utf8) + canonicalBytes) }
}

extension PolicyCapability: Hashable {
    public static func == (left: PolicyCapability, right: PolicyCapability) -> Bool { left.json == right.json }

    public func hash(into hasher: inout Hasher) { hasher.combine(json) }
}
