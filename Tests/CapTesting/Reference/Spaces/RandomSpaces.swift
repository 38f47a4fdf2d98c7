/// Draws histories of spaces, and questions about them; names are few, so that they meet.
public struct RandomSpaces {
    public var random: SeededGenerator
    /// The world as the reference sees it, for draws that make sense most of the time.
    public private(set) var world = PlainSpaces(hosted: Set(people))

    public static let people = ["alice", "bob", "carol", "dave"].map { "did:web:\($0).here.example" }
    /// Who holds nothing but what it was given.
    static let agents = ["did:web:agent1.here.example", "did:web:agent2.here.example"]
    public static let apps = ["https://one.example/client.json", "https://two.example/client.json"]
    public static let collections = ["com.example.post", "com.example.note"]
    public static let type = "com.example.forum"
    public static let spaces = [(0, "one"), (0, "two"), (1, "three"), (0, "four")].map { owner, name in
        "at://\(people[owner])/space/\(type)/\(name)"
    }
    /// A space of another host.
    public static let elsewhere = "at://did:web:far.example/space/\(type)/main"

    public init(_ random: SeededGenerator) { self.random = random }

    // MARK: histories

    /// Draws a history; a deep one begins with a chain of member spaces.
    public mutating func history(_ count: Int) -> [PlainSpaceChange] {
        var changes: [PlainSpaceChange] = []
        func add(_ change: PlainSpaceChange, _ world: inout PlainSpaces) {
            _ = world.play(change)
            changes.append(change)
        }
        if percent(8) {
            let chain = (0..<12).map { "at://\(Self.people[0])/space/\(Self.type)/deep\($0)" }
            for uri in chain { add(.create(uri, PlainSettings()), &world) }
            for (outer, inner) in zip(chain, chain.dropFirst()) {
                add(.add(inner, to: outer, level(managing: false), by: Self.people[0]), &world)
            }
            add(.add(chain[int(0, 4)], to: chain[int(5, 11)], level(managing: false), by: Self.people[0]), &world)
            for _ in 0..<3 {
                add(.add(pick(Self.people), to: chain[int(7, 11)], level(), by: Self.people[0]), &world)
            }
            add(.create(Self.spaces[0], settings()), &world)
            add(.add(chain[int(0, 2)], to: Self.spaces[0], level(managing: false), by: Self.people[0]), &world)
        }
        while changes.count < count { add(change(), &world) }
        return changes
    }

    private mutating func change() -> PlainSpaceChange {
        let living = Self.spaces.filter { world.live($0) != nil }
        guard !living.isEmpty, !percent(living.count < 3 ? 30 : 3) else {
            return .create(pick(Self.spaces), settings())
        }
        let uri = pick(living)
        let owner = PlainSpaces.authority(uri)
        let by = percent(85) ? owner : pick(Self.people)
        switch int(0, 99) {
        case ..<22: return .add(pick(Self.people), to: uri, level(), by: by)
        case ..<30: return .put(pick(Self.people), on: uri, reads: percent(60), writes: percent(60), by: by)
        case ..<40: return .remove(member(uri), from: uri, by: by)
        case ..<47:
            let inner = percent(90) ? pick(Self.spaces) : Self.elsewhere
            return .add(inner, to: uri, level(managing: false), by: by)
        case ..<62: return .update(uri, by: by, settings())
        case ..<71: return end(uri, owner, by)
        case ..<75: return .invite(to: uri, level(managing: false), uses: percent(50) ? nil : 1, by: owner)
        case ..<80: return acceptance() ?? .admit(pick(Self.people), percent(60))
        case ..<81 where !world.invites.isEmpty: return .revokeInvite(int(0, world.invites.count - 1), by: by)
        case ..<92:
            let user = pick(Self.people)
            let isClear = world.allows(.follow, .session(user), on: uri) != nil
            return isClear ? .mint(user, on: uri, app: percent(70) ? nil : pick(Self.apps)) : .endSession(user)
        case ..<94: return .endSession(pick(Self.people))
        case ..<96: return gift(uri, owner) ?? .mint(owner, on: uri, app: nil)
        case ..<98: return .admit(pick(Self.people), percent(60))
        default: return .delete(uri, by: by)
        }
    }

    /// An edge ends by one of its doors; tokens are those of the authority.
    private mutating func end(_ uri: String, _ owner: String, _ by: String) -> PlainSpaceChange {
        let door: PlainDoor = by != owner || percent(50) ? .call : .token
        switch int(0, 4) {
        case 0...2:
            // A row has an edge where the lists decide, and its space is here.
            let name = member(uri)
            let space = world.live(uri)
            guard !name.hasPrefix("at://"), space?.readPolicy != .application, space?.writePolicy != .application else {
                return .endSession(pick(Self.people))
            }
            return .endMembership(name, of: uri, by: by, door)
        case 3: return .endPolicy(of: uri, isRead: percent(50), by: by, door)
        default:
            // Under a deny list an application has an edge of its own only after it has had a credential.
            if case .allBut? = world.live(uri)?.applications { return .endApplication(nil, of: uri, by: by, door) }
            return .endApplication(percent(50) ? nil : pick(Self.apps), of: uri, by: by, door)
        }
    }

    /// The owner, or a member by the list, lets an agent read.
    private mutating func gift(_ uri: String, _ owner: String) -> PlainSpaceChange? {
        guard let space = world.live(uri), space.readPolicy == .list else { return nil }
        let readers = space.members.filter { $0.value.readsAll && !$0.key.hasPrefix("at://") }.keys.sorted()
        let giver = readers.isEmpty || percent(40) ? owner : pick(readers)
        let path = percent(60) ? nil : pick(Self.people)
        var caveats: [PlainCaveat] = []
        if percent(60) {
            let place = percent(30) ? uri : "\(uri)/\(pick(Self.people))"
            // A selector narrows nothing but another selector, or what is the giver's own.
            let selector = PlainCaveat.selector(isPrefix: percent(70), value: place)
            caveats = [giver == owner && percent(70) ? selector : .note("until noon")]
        }
        return .give([PlainUse(uri, path, "read", caveats)], from: giver, to: pick(Self.agents))
    }

    /// Somebody takes an invite.
    private mutating func acceptance() -> PlainSpaceChange? {
        guard !world.invites.isEmpty else { return nil }
        let number = int(0, world.invites.count - 1)
        let who = pick(Self.people)
        return .accept(number, by: who)
    }

    private mutating func member(_ uri: String) -> String {
        let listed = (world.live(uri)?.members.keys).map { $0.sorted() } ?? []
        return listed.isEmpty || percent(15) ? pick(Self.people) : pick(listed)
    }

    private mutating func level(managing: Bool = true) -> PlainSpace.Level {
        let reads = percent(70)
        return PlainSpace.Level(
            reads: reads, readsOwnOnly: reads && percent(25), writes: percent(50), manages: managing && percent(12))
    }

    private mutating func settings() -> PlainSettings {
        var made = PlainSettings()
        let policies: [PlainSpace.Policy] = [.list, .list, .everybody, .application]
        if percent(50) { made.read = pick(policies) }
        if percent(50) { made.write = pick(policies) }
        if percent(35) {
            let some = Self.apps.filter { _ in percent(50) }
            made.applications = pick([.all, .all, .only(some), .allBut([pick(Self.apps)])])
        }
        if percent(15) { made.showsMembers = percent(50) }
        if percent(15) { made.showsRecords = percent(50) }
        if percent(15) { made.membersList = percent(50) }
        if percent(10) { made.collections = percent(50) ? [Self.collections[0]] : Self.collections }
        return made
    }

    // MARK: questions

    public mutating func question() -> PlainQuestion {
        let uri = percent(90) ? pick(Array(world.spaces.keys).sorted()) : Self.elsewhere
        if percent(8), !world.delegations.isEmpty { return cited() }
        return PlainQuestion(deed: deed(), caller: caller(uri), space: uri)
    }

    /// An agent reads by what it was given, whose caveats it repeats.
    private mutating func cited() -> PlainQuestion {
        let number = int(0, world.delegations.count - 1)
        let gift = world.delegations[number]
        return PlainQuestion(
            deed: .read(percent(30) ? nil : pick(Self.people)),
            caller: .cited(gift.receiver, delegation: number, gift.uses), space: gift.uses[0].space)
    }

    private mutating func deed() -> PlainDeed {
        switch int(0, 15) {
        case 0...3: .read(percent(30) ? nil : pick(Self.people))
        case 4...6: .write(pick(["create", "update", "delete"]), collection: pick(Self.collections))
        case 7: .readSettings
        case 8: .listMembers(percent(50) ? nil : pick(Self.people))
        case 9: .listRepos
        case 10: .follow
        case 11: .manageMembers
        case 12: .deleteSpace
        case 13: .readGraph(percent(50) ? nil : pick(Self.people))
        case 14: .mintDelegation
        default: .mintCredential
        }
    }

    private mutating func caller(_ uri: String) -> PlainCaller {
        let user = pick(Self.people)
        switch int(0, 19) {
        case 0...5: return .session(user)
        case 6: return .nobody
        case 7: return .endedSession(user)
        case 8: return .appPassword(user)
        case 9...10: return .app(user, scope())
        case 11...12: return .service(user)
        case 13...14: return .invocation(user, (0..<int(1, 2)).map { _ in use(uri, user) })
        case 15...16: return .delegation(user, space: uri, app: percent(50) ? nil : pick(Self.apps))
        default:
            return world.credentials.isEmpty ? .session(user) : .credential(int(0, world.credentials.count - 1))
        }
    }

    private mutating func use(_ uri: String, _ user: String) -> PlainUse {
        let paths: [String?] = [nil, nil, user, pick(Self.people), "\(user)/\(pick(Self.collections))"]
        let ability = pick([
            "read", "read", "readSelf", "write", "create", "delete", "manage", "manage.update", "describe",
        ])
        return PlainUse(percent(90) ? uri : pick(Self.spaces), pick(paths), ability)
    }

    private mutating func scope() -> PlainScope {
        let actions = ["read_self", "read", "create", "update", "delete"].filter { _ in percent(45) }
        return PlainScope(
            type: percent(85) ? Self.type : "com.example.other", authority: pick(["self", "*", Self.people[0]]),
            collections: pick([[], ["*"], [Self.collections[0]]]), actions: actions,
            manage: ["create", "update", "delete"].filter { _ in percent(25) })
    }

    // MARK: draws

    private mutating func int(_ low: Int, _ high: Int) -> Int { random.int(in: low...high) }
    private mutating func percent(_ share: Int) -> Bool { int(0, 99) < share }
    private mutating func pick<Value>(_ values: [Value]) -> Value { values[int(0, values.count - 1)] }
}

/// One question about a space.
public struct PlainQuestion: Sendable, Hashable {
    public let deed: PlainDeed
    public let caller: PlainCaller
    public let space: String
}
