/// Answers for permissioned spaces from statements held as text, by recursion over sets (atproto-spaces.md 3 to 6, 12 to
/// 16, 18, 21). Slow, and sharing nothing with the product.
public struct PlainSpaces: Sendable {
    /// By URI; those that were deleted stay.
    public internal(set) var spaces: [String: PlainSpace] = [:]
    public internal(set) var invites: [PlainInvite] = []
    public internal(set) var credentials: [PlainCredential] = []
    public internal(set) var delegations: [PlainGift] = []
    /// True to read "a member space admits its members" as: those whom its own policies let do the same there.
    var asksInnerPolicies = false
    /// Whom the managing application admits.
    public internal(set) var admitted: Set<String> = []
    /// Authorities whose spaces are all made here.
    public let hosted: Set<String>

    public init(hosted: Set<String>) { self.hosted = hosted }

    public func live(_ uri: String) -> PlainSpace? { spaces[uri].flatMap { $0.isDeleted ? nil : $0 } }

    /// The authority's DID in a space's URI.
    public static func authority(_ uri: String) -> String {
        String(uri.dropFirst("at://".count).prefix { $0 != "/" })
    }

    static func type(_ uri: String) -> String {
        uri.split(separator: "/", omittingEmptySubsequences: false).dropFirst(4).first.map(String.init) ?? ""
    }

    // MARK: membership

    /// What the lists give somebody: by a row of its own, and through member spaces, the most on each axis; nil for who
    /// is on none of them. The asked space is at depth 0, lists are read at depths 0 to 9.
    func standing(_ who: String, _ uri: String, _ depth: Int = 0, _ way: Set<String> = []) -> PlainSpace.Level? {
        guard let space = live(uri), depth <= 9, !way.contains(uri) else { return nil }
        var found = space.members[who]
        // The owner of a member space is one of its members; of its own space it is more than that.
        if depth > 0, space.owner == who {
            found = PlainSpace.Level(reads: true, writes: true)
        }
        for (name, row) in space.members where name.hasPrefix("at://") {
            guard var inner = standing(who, name, depth + 1, way.union([uri])) else { continue }
            if asksInnerPolicies, let space = live(name), space.owner != who {
                inner.reads = inner.reads && space.readPolicy != .application
                inner.writes = inner.writes && space.writePolicy != .application
            }
            let given = row.capping(inner)
            found = found.map { $0.merged(given) } ?? given
        }
        return found
    }

    // MARK: rights

    /// The abilities somebody holds in a live space, with all that they bring along.
    func rights(_ who: String, _ uri: String) -> Set<String> {
        guard let space = live(uri) else { return [] }
        var held: Set<String> = []
        if space.owner == who { held.formUnion(["read", "write", "manage"]) }
        if let level = standing(who, uri) {
            held.insert("belong")
            if space.membersList || space.showsMembers { held.insert("listMembers") }
            if level.reads, space.readPolicy != .application { held.insert(level.readsAll ? "read" : "readSelf") }
            if level.writes, space.writePolicy != .application { held.insert("write") }
            if level.manages { held.insert("manage") }
        }
        return Self.closed(held.union(openRights(space)))
    }

    /// What everybody holds.
    func openRights(_ space: PlainSpace) -> Set<String> {
        var held: Set<String> = []
        if space.readPolicy == .everybody { held.insert("read") }
        if space.writePolicy == .everybody { held.insert("write") }
        if space.readPolicy == .application || space.writePolicy == .application { held.insert("know") }
        if space.showsMembers { held.insert("describe") }
        if space.showsRecords { held.insert("readOpenly") }
        return Self.closed(held)
    }

    private static let implied: [String: [String]] = [
        "readOpenly": ["read"], "read": ["readSelf"], "readSelf": ["belong"],
        "write": ["create", "update", "delete", "belong"],
        "manage": ["manage.create", "manage.update", "manage.delete", "describe", "belong"],
        "describe": ["know", "listMembers"], "belong": ["know"],
    ]

    static func closed(_ abilities: Set<String>) -> Set<String> {
        let more = abilities.union(abilities.flatMap { implied[$0] ?? [] })
        return more == abilities ? abilities : closed(more)
    }

    // MARK: applications

    /// True for what may connect; nil stands for an application that was not attested.
    static func connects(_ app: String?, _ space: PlainSpace) -> Bool {
        switch (space.applications, app) {
        case (.all, _): true
        case (.only(let listed), let app?): listed.contains(app)
        case (.allBut(let listed), let app?): !listed.contains(app)
        case (.only, nil), (.allBut, nil): false
        }
    }

    /// True when the user policy admits a reader, the managing application having been asked where it decides.
    func mayHaveCredential(_ user: String, _ uri: String) -> Bool {
        guard let space = live(uri) else { return false }
        return rights(user, uri).contains("read") || (space.readPolicy == .application && admitted.contains(user))
    }
}

/// A credential and what became of it.
public struct PlainCredential: Sendable, Hashable {
    public let space: String
    public let user: String
    public let app: String?
    /// True where the managing application admitted its user.
    let isByApplication: Bool
    var isDead = false
    /// The changes of every space it may rest on, when it was minted.
    var grounds: [String: Int]
}

/// A delegation of abilities on a space by a UCAN, root or resting on what its giver holds.
public struct PlainGift: Sendable, Hashable {
    public let giver: String
    public let receiver: String
    public let uses: [PlainUse]
    var grounds: [String: Int]
}

extension PlainSpaces {
    /// False for a credential that was not minted yet.
    public func knows(_ caller: PlainCaller) -> Bool {
        switch caller {
        case .credential(let number): number < credentials.count
        case .cited(_, let number, _): number < delegations.count
        default: true
        }
    }
}
