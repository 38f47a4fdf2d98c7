/// In whose name, and by what, an operation is asked for (atproto-spaces.md 3).
public enum PlainCaller: Sendable, Hashable {
    case nobody
    case session(String)
    case endedSession(String)
    case appPassword(String)
    case app(String, PlainScope)
    /// Service auth by the account's own key.
    case service(String)
    /// A UCAN without proofs, which rests on what its invoker holds, and names these.
    case invocation(String, [PlainUse])
    /// A UCAN that cites a delegation, by its number, and repeats its caveats.
    case cited(String, delegation: Int, [PlainUse])
    /// A delegation token signed elsewhere, for one space, perhaps with an attested application.
    case delegation(String, space: String, app: String?)
    /// The credential of that number.
    case credential(Int)
}

/// An ability on a space, or on a path below it, with the caveats a token names it under.
public struct PlainUse: Sendable, Hashable {
    public var space: String
    public var path: String?
    public var ability: String
    public var caveats: [PlainCaveat]

    public init(_ space: String, _ path: String?, _ ability: String, _ caveats: [PlainCaveat] = []) {
        self.space = space
        self.path = path
        self.ability = ability
        self.caveats = caveats
    }
}

/// One `space:` scope of one space type (6).
public struct PlainScope: Sendable, Hashable {
    public var type: String
    /// `self`, `*` or a DID.
    public var authority: String
    public var collections: [String]
    public var actions: [String]
    public var manage: [String]

    public init(type: String, authority: String, collections: [String], actions: [String], manage: [String]) {
        self.type = type
        self.authority = authority
        self.collections = collections
        self.actions = actions
        self.manage = manage
    }

    /// As it stands in a token; without an action all of them are meant.
    public var text: String {
        let named = [("authority", [authority]), ("collection", collections), ("action", actions), ("manage", manage)]
        let pairs = named.flatMap { name, values in values.map { "\(name)=\($0)" } }
        return "space:\(type)?" + pairs.joined(separator: "&")
    }
}

/// What is asked for in a space (12).
public enum PlainDeed: Sendable, Hashable {
    /// Of one author, or of all.
    case read(String?)
    /// `create`, `update` or `delete` in the own repo.
    case write(String, collection: String)
    case readSettings
    /// Of one member, or all.
    case listMembers(String?)
    case listRepos
    case follow
    case manageMembers
    case deleteSpace
    case readGraph(String?)
    case mintDelegation
    case mintCredential
}
