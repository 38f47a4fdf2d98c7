/// Holds one `space:` scope of an OAuth grant (section 6): which spaces, and what an app may do in them for its user.
public struct SpaceScope: Hashable, Sendable {
    public enum Action: String, Sendable, CaseIterable {
        case readSelf = "read_self"
        case read
        case create
        case update
        case delete
    }

    public enum Management: String, Sendable, CaseIterable {
        case create
        case update
        case delete
    }

    public enum Authority: Hashable, Sendable {
        /// `self`: whoever grants; matches nothing until it is resolved.
        case granter
        case any
        case did(String)
    }

    public enum Collections: Hashable, Sendable {
        /// Those of the space type's declaration; matches nothing until it is resolved.
        case declared
        case any
        case listed(Set<String>)
    }

    static let defaultActions: Set<Action> = [.read, .create, .update, .delete]

    /// The space type; nil for every type.
    public let type: String?
    public internal(set) var authority: Authority = .granter
    /// The space's key; nil for every key.
    public internal(set) var skey: String?
    public internal(set) var collections: Collections = .declared
    public internal(set) var actions = defaultActions
    public internal(set) var management: Set<Management> = []

    init(type: String?) { self.type = type }

    /// The scope as it holds for one grant: `self` becomes the granting user, bare collections those declared.
    ///
    /// To be called when a token is issued and again at each refresh; `declaredCollections` is empty for a type whose
    /// declaration cannot be resolved. A scope for every type has no declaration, so it then writes nothing.
    public func granted(by user: String, declaredCollections: Set<String>) -> SpaceScope {
        var scope = self
        if scope.authority == .granter { scope.authority = .did(user) }
        if scope.collections == .declared { scope.collections = .listed(type == nil ? [] : declaredCollections) }
        return scope
    }

    /// Tests whether the scope covers an access; every part is equal, or the scope's is a wildcard.
    public func allows(_ access: SpaceAccess) -> Bool {
        guard reaches(access) else { return false }
        switch access.operation {
        case .manage(let operation): return management.contains(operation)
        case .read: return actions.contains(.read)
        case .readSelf: return actions.contains(.read) || actions.contains(.readSelf)
        case .create(let collection): return actions.contains(.create) && covers(collection)
        case .update(let collection): return actions.contains(.update) && covers(collection)
        case .delete(let collection): return actions.contains(.delete) && covers(collection)
        }
    }

    /// True where the scope is about the space of an access, whatever it lets be done there.
    func reaches(_ access: SpaceAccess) -> Bool {
        guard type.map(access.type.isExactly) ?? true, skey.map(access.skey.isExactly) ?? true else { return false }
        return switch authority {
        case .granter: false
        case .any: true
        case .did(let did): access.authority.isExactly(did)
        }
    }

    /// True where the scope lets some record be written.
    var writes: Bool {
        guard !actions.isDisjoint(with: [.create, .update, .delete]) else { return false }
        if case .listed(let known) = collections { return !known.isEmpty }
        return collections == .any
    }

    private func covers(_ collection: String) -> Bool {
        switch collections {
        case .declared: false
        case .any: true
        case .listed(let known): known.contains(collection)
        }
    }

    /// The scope in one spelling: defaults left out, lists sorted; resolved empty collections read back as `declared`.
    public var text: String {
        var pairs: [String] = []
        switch authority {
        case .granter: break
        case .any: pairs.append("authority=*")
        // The percent sign is the one character of a DID that a query would lose.
        case .did(let did): pairs.append("authority=" + did.split(separator: "%").joined(separator: "%25"))
        }
        if let skey { pairs.append("skey=\(skey)") }
        switch collections {
        case .declared: break
        case .any: pairs.append("collection=*")
        case .listed(let known): pairs += known.sorted().map { "collection=\($0)" }
        }
        if actions != SpaceScope.defaultActions {
            pairs += Action.allCases.filter(actions.contains).map { "action=\($0.rawValue)" }
        }
        pairs += Management.allCases.filter(management.contains).map { "manage=\($0.rawValue)" }
        return "space:\(type ?? "*")" + (pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&"))
    }
}

/// Holds the usable `space:` scopes of one grant.
public struct SpaceScopes: Hashable, Sendable {
    /// Longest scope text of a grant that is read, in bytes; a longer one grants nothing.
    public static let maximumLength = 64 << 10

    public let scopes: [SpaceScope]

    public init(_ scopes: [SpaceScope]) { self.scopes = scopes }

    /// Takes the blank-separated scopes of a grant; those that are unusable or about something else are left out.
    public init(parsing text: String) {
        guard text.utf8.count <= SpaceScopes.maximumLength else {
            scopes = []
            return
        }
        scopes = text.utf8.split(separator: UInt8(ascii: " ")).compactMap {
            SpaceScope(String(decoding: $0, as: UTF8.self))
        }
    }

    /// One access is covered by one scope; scopes do not add up within an access.
    public func allows(_ access: SpaceAccess) -> Bool { scopes.contains { $0.allows(access) } }

    /// Tests whether some scope covers reading one's own records, or writing any, in the space of an access.
    public func allowsSomething(in access: SpaceAccess) -> Bool {
        scopes.contains { $0.reaches(access) && ($0.allows(access) || $0.writes) }
    }

    /// Throws `InsufficientScope`.
    public func require(_ access: SpaceAccess) throws(ATProtoError) {
        guard allows(access) else {
            throw ATProtoError("InsufficientScope", "the app has no scope for this in this space")
        }
    }

    /// The scopes as they hold for one grant; see `SpaceScope.granted`.
    public func granted(by user: String, declaredCollections: (String) -> Set<String>) -> SpaceScopes {
        SpaceScopes(
            scopes.map { $0.granted(by: user, declaredCollections: $0.type.map(declaredCollections) ?? []) })
    }

    public var text: String { scopes.map(\.text).joined(separator: " ") }
}
