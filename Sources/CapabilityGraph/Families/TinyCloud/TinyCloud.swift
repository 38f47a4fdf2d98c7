extension FamilyName {
    public static let tinycloud = FamilyName("tinycloud")
}

/// Wallets, the session keys they sign in, and what these hand on: `tinycloud:` spaces with services, and encryption
/// networks (spec tinycloud.md, ucan.md).
public struct TinyCloud: Family {
    public init() {}

    public var name: FamilyName { .tinycloud }
    public var abilities: [AbilityRegistry.Entry] { AbilityRegistry.tinyCloudEntries }
    public var kinds: [EdgeKind] { [.cacao, .ucan] }
    public var caveats: [any Caveat.Type] { [SelectorCaveat.self, SQLCaveat.self] }
    public var context: [ContextMember] { [.statement] }
    public var prefixes: [String] { [Space.tinyCloudScheme, Resource.networkPrefix] }

    /// `tinycloud.space/host` on exactly `<space>/space` (tinycloud.md 6.2).
    public func hosts(_ capability: Capability) -> Bool {
        let resource = capability.resource
        return resource.service == "space" && resource.path == nil && resource.suffix.isEmpty
            && capability.ability.text == "tinycloud.space/host"
    }

    public func reachesBelow(_ ability: Ability, _ resource: Resource, _ registry: AbilityRegistry) -> Bool {
        registry.isSame(ability, Self.list)
    }

    private static let list = Ability(literal: "tinycloud.kv/list")
}

extension EdgeKind {
    public static let cacao = EdgeKind(
        code: 1, name: "cacao", [], endedBy: [.issuer, .audience, .authority, .managerOfAll])
    public static let ucan = EdgeKind(
        code: 2, name: "ucan", [], endedBy: [.issuer, .audience, .authority, .managerOfAll])
}

extension ContextMember {
    /// The SQL the use runs, judged by the statements a caveat allows.
    static let statement = ContextMember("statement") { json, _, context throws(GraphError) in
        context.statement = try StatementUse(json)
    } write: { context in
        context.statement?.json
    }
}

extension StatementUse: ContextValue {}

extension CheckContext {
    private enum StatementKey: ContextKey { typealias Value = StatementUse }

    public var statement: StatementUse? {
        get { self[StatementKey.self] }
        set { self[StatementKey.self] = newValue }
    }

    public init(caveats: Caveats? = nil, statement: StatementUse?) {
        self.init(caveats: caveats)
        self.statement = statement
    }
}
