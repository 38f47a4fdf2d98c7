/// Draws worlds in which authority is given, passed on, narrowed, widened by cheats, and taken back.
///
/// Names are few, so that delegations meet; every rule of admission is broken now and then.
public struct RandomAuthority {
    public var random: SeededGenerator
    /// Share of statements, in percent, that are bent to break some rule.
    public var cheating = 25
    /// Share of steps, in percent, that revoke.
    public var revoking = 12
    /// Share of steps, in percent, that repeat a statement or bring it in another encoding.
    public var repeating = 8
    /// The instant of the next step.
    public private(set) var now: Int64 = 1_000_000
    public private(set) var statements: [PlainStatement] = []
    private var count = 0

    public static let owners = [
        "did:pkh:eip155:1:0x0000000000000000000000000000000000000001",
        "did:pkh:eip155:1:0x0000000000000000000000000000000000000002", KeyName.did("Owner"),
    ]
    public static let sessions = [KeyName.did("Session1"), KeyName.did("Session2"), KeyName.did("Session3")]
    public static let agents = [
        KeyName.did("Agent1"), KeyName.did("Agent2"), KeyName.did("Agent3"), "did:web:agent.example",
    ]
    public static let principals = owners + sessions + agents
    public static let spaces = [
        "tinycloud:pkh:eip155:1:0x0000000000000000000000000000000000000001:default",
        "tinycloud:pkh:eip155:1:0x0000000000000000000000000000000000000001:work",
        "tinycloud:pkh:eip155:1:0x0000000000000000000000000000000000000002:default",
        "tinycloud:\(KeyName.did("Owner").dropFirst(4)):notes",
    ]
    public static let abilities = [
        "tinycloud.kv/get", "tinycloud.kv/put", "tinycloud.kv/del", "tinycloud.kv/delete", "tinycloud.sql/read",
        "tinycloud.sql/select", "tinycloud.sql/admin", "tinycloud.sql/schema", "tinycloud.sql/*", "tinycloud.kv/*",
        "app.example/act", "tinycloud.delegation/revoke", "tinycloud.space/host",
    ]
    static let paths: [String?] = [
        nil, nil, "", "a", "a/", "a/b", "a/b/", "a/b/c", "ab", "ab/c", "/", "/x", "a//b", "b",
    ]
    public static let queries = [
        PlainQuery(name: "one", sql: "SELECT ?", pinned: [0: "x"]), PlainQuery(name: "one", sql: "SELECT ?"),
        PlainQuery(name: "two", sql: "SELECT 2"), PlainQuery(name: "one", sql: "SELECT 1"),
        PlainQuery(name: "one", sql: "SELECT ?", pinned: [0: "y", 1: "z"]),
        PlainQuery(name: "one", sql: "SELECT ?", pinned: [0: "x", 1: "z"]),
    ]

    public init(_ random: SeededGenerator) { self.random = random }

    // MARK: steps

    /// Draws a world of so many steps.
    public mutating func world(_ steps: Int) -> [PlainStep] { (0..<steps).map { _ in step() } }

    public mutating func step() -> PlainStep {
        now += Int64(percent(10) ? int(-8, 12) : int(0, 3))
        if !statements.isEmpty {
            if percent(revoking) { return PlainStep(at: now, .revoke(revocation())) }
            if percent(repeating) { return PlainStep(at: now, .admit(repetition())) }
            if percent(2) { return PlainStep(at: now, .host(pick(Self.spaces))) }
        }
        let statement = percent(28) || statements.isEmpty ? root() : child()
        statements.append(statement)
        return PlainStep(at: now, .admit(statement))
    }

    private mutating func label(_ kind: String) -> String {
        count += 1
        return "\(kind) \(count)"
    }

    /// The same bytes, or the same signed content in other bytes.
    private mutating func repetition() -> PlainStatement {
        var statement = pick(statements)
        if percent(70) {
            statement.id = label("twin")
            statements.append(statement)
        }
        return statement
    }

    // MARK: statements

    private mutating func root() -> PlainStatement {
        let owner = pick(Self.owners)
        let spaces = Self.spaces.filter { PlainRules.parts($0 + "/kv").owner == owner }
        var capabilities = (0..<int(1, 4)).map { _ in
            PlainCapability(resource(in: pick(spaces)), pick(Self.abilities), caveats(rarely: 10))
        }
        if percent(20) { capabilities.append(PlainCapability(pick(spaces) + "/delegation", Self.abilities[11])) }
        if percent(10) { capabilities.append(PlainCapability(pick(spaces) + "/space", Self.abilities[12])) }
        if percent(10) {
            capabilities.append(
                PlainCapability("urn:tinycloud:encryption:\(owner):main", "tinycloud.encryption/decrypt"))
        }
        if percent(35) { capabilities += signIn(pick(spaces), pick(spaces)) }
        if percent(5) { capabilities.removeAll() }
        var statement = PlainStatement(
            id: label("root"), isCacao: percent(80), issuer: owner, audience: audience(but: owner),
            capabilities: capabilities)
        if percent(60) { statement.expires = now + Int64(int(5, 80)) }
        if percent(30) { statement.notBefore = now - Int64(int(0, 10)) }
        if percent(25) { statement.proofs = cited(by: owner) }
        if percent(cheating / 3) { statement = bent(statement) }
        return statement
    }

    /// What a session is signed in with, or nearly.
    private mutating func signIn(_ space: String, _ other: String) -> [PlainCapability] {
        var capabilities: [PlainCapability] = []
        if percent(90) {
            let path = percent(90) ? "/capabilities" : pick(["/capabilities/", "/capabilities/all", "/kv"])
            capabilities.append(PlainCapability(space + path, "tinycloud.capabilities/read"))
        }
        if percent(60) {
            let path = percent(90) ? pick(["/delegation", "/delegation/"]) : "/delegation/a"
            let name = percent(60) ? "list" : pick(["revoke", "status", "other"])
            capabilities.append(PlainCapability(other + path, "tinycloud.delegation/" + name))
        } else {
            let place = percent(90) ? space : other
            for name in ["get", "put", pick(["del", "delete"]), "list"] where percent(95) {
                capabilities.append(PlainCapability(place + "/kv", "tinycloud.kv/" + name))
            }
        }
        return capabilities
    }

    /// What an owner may cite beside what it owns: mostly what it gave, as a wallet cites its session, now and then what
    /// it has no part in or nobody knows.
    private mutating func cited(by owner: String) -> [String] {
        let own = statements.filter { statement in
            statement.issuer == owner || statement.audience == owner
                || statement.capabilities.contains { PlainRules.parts($0.resource).owner == owner }
        }
        return (0..<int(1, 2)).compactMap { _ in
            if percent(4) { return "nothing" }
            let pool = own.isEmpty || percent(12) ? statements : own
            return pool.isEmpty ? nil : pick(pool).id
        }
    }

    private mutating func child() -> PlainStatement {
        let recent = statements.suffix(6)
        let first = percent(60) ? pick(Array(recent)) : pick(statements)
        var parents = [first]
        if percent(35) {
            let others = statements.filter { $0.audience == first.audience && $0.id != first.id }
            for _ in 0..<int(1, 3) where !others.isEmpty { parents.append(pick(others)) }
        }
        let issuer = first.audience
        var statement = PlainStatement(
            id: label("child"), isCacao: percent(5), issuer: issuer, audience: audience(but: issuer), capabilities: [],
            proofs: parents.map(\.id), isTerminal: percent(6))
        for _ in 0..<int(1, 3) {
            let held = parents.flatMap(\.capabilities)
            guard !held.isEmpty else { break }
            statement.capabilities.append(narrowed(pick(held)))
        }
        if percent(8), Self.owners.contains(issuer) {
            let own = Self.spaces.filter { PlainRules.parts($0 + "/kv").owner == issuer }
            statement.capabilities.append(PlainCapability(resource(in: pick(own)), pick(Self.abilities)))
        }
        if percent(5) {
            statement.capabilities.append(PlainCapability(Plain.urn(pick(statements).id), Self.abilities[11]))
        }
        // Inside the tightest parent most of the time.
        let expiries = parents.compactMap(\.expires)
        if let tightest = expiries.min() {
            statement.expires = tightest - Int64(percent(50) ? 0 : int(0, 5))
        } else if percent(40) {
            statement.expires = now + Int64(int(3, 60))
        }
        let starts = parents.compactMap(\.notBefore)
        if let latest = starts.max() {
            statement.notBefore = latest + Int64(percent(50) ? 0 : int(0, 3))
        } else if percent(15) {
            statement.notBefore = now - Int64(int(0, 4))
        }
        if percent(cheating) { statement = bent(statement) }
        return statement
    }

    /// A capability at most as wide as the given one, most of the time.
    private mutating func narrowed(_ held: PlainCapability) -> PlainCapability {
        var result = held
        if case .place(let space, _, let service, let path, let suffix) = PlainRules.parts(held.resource), percent(50) {
            let narrower: String? =
                switch path {
                case nil: pick(Self.paths)
                case .some(let path) where path.hasSuffix("/"): path + pick(["a", "b/", "c/d"])
                case .some(let path): path + "/" + pick(["a", "b/", ""])
                }
            result.resource = space + "/" + service + (narrower.map { "/" + $0 } ?? "") + suffix
        }
        if percent(30) {
            let under = PlainRules.implied[held.ability] ?? []
            let same = Self.abilities.filter { PlainRules.plainName($0) == PlainRules.plainName(held.ability) }
            result.ability = pick((Array(under) + same + [held.ability]).sorted())
        }
        if percent(held.caveats.isEmpty ? 12 : 30) { result.caveats = caveats(rarely: 100) }
        return result
    }

    private mutating func caveats(rarely share: Int) -> [PlainCaveat] {
        guard percent(share) else { return [] }
        switch int(0, 9) {
        case 0...3:
            return [.sql(readOnly: !percent(10), statements: (0..<int(1, 2)).map { _ in pick(Self.queries) })]
        case 4...5: return [.note(pick(["x", "y"]))]
        case 6: return [.note("x"), .note(pick(["x", "y"]))]
        case 7: return [.selector(isPrefix: percent(60), value: pick(["urn:a", "urn:a/b", "urn:ab", "urn:a/b/c"]))]
        case 8: return [.selector(isPrefix: percent(60), value: resource(in: pick(Self.spaces)))]
        default: return []
        }
    }

    /// Breaks one rule, or at least tries to.
    private mutating func bent(_ statement: PlainStatement) -> PlainStatement {
        var statement = statement
        switch int(0, 10) {
        case 0: statement.proofs.append("nothing \(int(0, 9))")
        case 1: statement.proofs = []
        case 2: statement.issuer = pick(Self.principals.filter { $0 != statement.audience })
        case 3: statement.expires = statement.expires.map { $0 + Int64(int(1, 40)) }
        case 4: statement.expires = nil
        case 5: statement.expires = now - Int64(int(0, 2))
        case 6: statement.notBefore = now + Int64(int(0, 2))
        case 7: statement.notBefore = nil
        case 8:
            for index in statement.capabilities.indices where percent(60) {
                statement.capabilities[index].resource = resource(in: pick(Self.spaces))
            }
        case 9:
            for index in statement.capabilities.indices where percent(60) {
                statement.capabilities[index].ability = pick(Self.abilities)
            }
        default:
            for index in statement.capabilities.indices { statement.capabilities[index].caveats = caveats(rarely: 50) }
        }
        return statement
    }

    // MARK: revocations

    private mutating func revocation() -> PlainRevocation {
        let target = percent(70) ? pick(statements) : pick(Array(statements.suffix(4)))
        let owners = target.capabilities.compactMap { PlainRules.parts($0.resource).owner }
        var revocation = PlainRevocation(id: label("revocation"), target: target.id, signer: target.issuer)
        switch int(0, 9) {
        case 0...2: break
        case 3: revocation.signer = target.audience
        case 4: revocation.signer = owners.isEmpty ? target.issuer : pick(owners)
        case 5: revocation.signer = pick(Self.principals)
        case 6: revocation.target = "nothing"
        default:
            // Through a proof: one that holds the ability, where there is one.
            let able = statements.filter { $0.capabilities.contains { $0.ability == Self.abilities[11] } }
            let proof = able.isEmpty || percent(20) ? pick(statements) : pick(able)
            revocation.signer = percent(85) ? proof.audience : pick(Self.principals)
            revocation.proofs = percent(92) ? [proof.id] : [proof.id, pick(statements).id]
            if percent(4) { revocation.proofs = ["nothing"] }
        }
        return revocation
    }

    // MARK: draws

    public mutating func resource(in space: String) -> String {
        if percent(4) { return pick(["urn:example:a", "urn:example:ab"]) }
        let service = percent(70) ? "kv" : pick(["sql", "capabilities", "delegation", "space"])
        let path = pick(Self.paths).map { "/" + $0 } ?? ""
        return space + "/" + service + path + (percent(6) ? pick(["?q", "#f"]) : "")
    }

    private mutating func audience(but other: String) -> String {
        let pool = percent(55) ? Self.sessions : percent(85) ? Self.agents : Self.owners
        return pick(pool.filter { $0 != other })
    }

    public mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int(random.next() % UInt64(choices.count))]
    }

    public mutating func percent(_ share: Int) -> Bool { random.next() % 100 < UInt64(share) }

    public mutating func int(_ low: Int, _ high: Int) -> Int {
        low + Int(random.next() % UInt64(high - low + 1))
    }
}
