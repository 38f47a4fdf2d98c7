public import Multiformats

/// What this host's own statements on permissioned spaces are narrowed by (atproto-spaces.md 5): closed kinds, each judged
/// by one member of the context or by the resource itself.
public enum SpaceCaveat: Caveat, Hashable {
    /// All attested applications but these: met by `client`.
    case clientsExcept([String])
    /// Whom a managing application admits, for one kind of access: met by `managingApp`.
    case admitted(by: String, access: ManagingAppWord.Access)
    /// Records of these collections only: met by the resource.
    case collections([String])

    public static var type: String { prefix }

    private static let prefix = "dev.capabilitygraph.space/"

    public var json: JSON {
        switch self {
        case .clientsExcept(let clients):
            ["type": .string(Self.prefix + "clientsExcept"), "clients": .array(clients.map { .string($0) })]
        case .admitted(let app, let access):
            ["type": .string(Self.prefix + "admittedBy"), "app": .string(app), "access": .string(access.rawValue)]
        case .collections(let names):
            ["type": .string(Self.prefix + "collections"), "collections": .array(names.map { .string($0) })]
        }
    }

    public static func isOne(_ json: JSON) -> Bool {
        guard case .object(let object) = json, case .string(let type)? = object["type"] else { return false }
        return type.utf8.starts(with: prefix.utf8)
    }

    /// Reads one of the three forms and nothing else.
    public init?(_ json: JSON) {
        guard case .object(let object) = json, case .string(let type)? = object["type"] else { return nil }
        func texts(_ key: String) -> [String]? {
            guard object.count == 2, case .array(let list)? = object[key] else { return nil }
            let texts = list.compactMap(\.string)
            return texts.count == list.count ? texts : nil
        }
        switch type.dropFirst(Self.prefix.count) {
        case "clientsExcept":
            guard let clients = texts("clients") else { return nil }
            self = .clientsExcept(clients)
        case "collections":
            guard let names = texts("collections") else { return nil }
            self = .collections(names)
        case "admittedBy":
            guard object.count == 3, case .string(let app)? = object["app"],
                let access = object["access"]?.string.flatMap(ManagingAppWord.Access.init)
            else { return nil }
            self = .admitted(by: app, access: access)
        default: return nil
        }
    }

    public func failure(_ use: CaveatUse, _ families: Families) -> CaveatFailure? {
        switch self {
        case .clientsExcept(let denied):
            guard let client = use.context?.client else { return .clientMissing }
            return denied.contains { UTF8Bytes.equal($0, client) } ? .clientDenied : nil
        case .admitted(let app, let access):
            guard let word = use.context?.managingApp, UTF8Bytes.equal(word.app, app), word.access == access else {
                return .admissionMissing
            }
            return word.isAuthorized ? nil : .notAdmitted
        case .collections(let names):
            guard let collection = use.resource.collection else { return .collectionNotTaken }
            return names.contains { UTF8Bytes.equal($0, collection) } ? nil : .collectionNotTaken
        }
    }
}

/// What a managing application said of a user (atproto-spaces.md 15).
public struct ManagingAppWord: ContextValue, Hashable {
    public enum Access: String, Sendable {
        case read, write
    }

    /// The service identifier, as the space's policy names it.
    public var app: String
    public var access: Access
    public var isAuthorized: Bool

    public init(app: String, access: Access, isAuthorized: Bool) {
        self.app = app
        self.access = access
        self.isAuthorized = isAuthorized
    }

    /// Reads `{"app":…,"access":"read","authorized":true}`; throws `malformedContext`.
    init(_ json: JSON) throws(GraphError) {
        guard let object = json.object, object.count == 3, let app = object["app"]?.string,
            let access = object["access"]?.string.flatMap(Access.init), let isAuthorized = object["authorized"]?.bool
        else {
            throw GraphError(.malformedContext, "`managingApp` is not `app`, `access` and `authorized`")
        }
        self.init(app: app, access: access, isAuthorized: isAuthorized)
    }
}

extension Caveats {
    /// The managing application that is asked, where one is.
    package var managingApp: (app: String, access: ManagingAppWord.Access)? {
        for json in list {
            if case .admitted(let app, let access)? = SpaceCaveat(json) { return (app, access) }
        }
        return nil
    }
}

extension CaveatFailure {
    public static let clientMissing = CaveatFailure("client-not-given", missing: "client")
    public static let clientDenied = CaveatFailure("client-denied")
    public static let admissionMissing = CaveatFailure("managing-app-not-asked", missing: "managingApp")
    public static let notAdmitted = CaveatFailure("managing-app-refused")
    public static let collectionNotTaken = CaveatFailure("collection-not-taken")
}
