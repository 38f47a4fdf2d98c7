/// The rules of coverage on plain text, written down a second time from the specification (tinycloud.md 1.1, 7.4, 7.6;
/// ucan.md B.4) and sharing nothing with the product.
enum PlainRules {
    /// A resource cut into its parts.
    enum Parts: Hashable, Sendable {
        case place(space: String, owner: String, service: String, path: String?, suffix: String)
        case network(owner: String, text: String)
        case other(String)

        /// Who controls the resource without proof.
        var owner: String? {
            switch self {
            case .place(_, let owner, _, _, _): owner
            case .network(let owner, _): owner
            case .other: nil
            }
        }

        var space: String? { if case .place(let space, _, _, _, _) = self { space } else { nil } }
    }

    private static let known = Memory<Parts>()

    /// Cuts a well-formed, canonical resource.
    static func parts(_ text: String) -> Parts { known.value(text) { cut(text) } }

    private static func cut(_ text: String) -> Parts {
        let network = "urn:tinycloud:encryption:"
        if text.hasPrefix(network) {
            let owner = text.dropFirst(network.count).split(separator: ":", omittingEmptySubsequences: false).dropLast()
            return .network(owner: owner.joined(separator: ":"), text: text)
        }
        guard text.hasPrefix("tinycloud:"), !text.hasPrefix("tinycloud://") else { return .other(text) }
        let head = String(text.prefix { $0 != "?" && $0 != "#" })
        let pieces = head.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        let owner = pieces[0].split(separator: ":").dropFirst().dropLast().joined(separator: ":")
        return .place(
            space: pieces[0], owner: "did:" + owner, service: pieces[1], path: pieces.count == 3 ? pieces[2] : nil,
            suffix: String(text.dropFirst(head.count)))
    }

    static func covers(_ outer: Parts, _ inner: Parts) -> Bool {
        guard
            case .place(let space, _, let service, let path, let suffix) = outer,
            case .place(let innerSpace, _, let innerService, let innerPath, let innerSuffix) = inner
        else { return outer == inner }
        return space == innerSpace && service == innerService && suffix == innerSuffix && pathCovers(path, innerPath)
    }

    static func pathCovers(_ outer: String?, _ inner: String?) -> Bool {
        guard let outer else { return true }
        guard let inner else { return false }
        return inner == outer || inner.hasPrefix(outer.hasSuffix("/") ? outer : outer + "/")
    }

    static let aliases = [
        "tinycloud.kv/delete": "tinycloud.kv/del", "tinycloud.sql/select": "tinycloud.sql/read",
        "tinycloud.duckdb/select": "tinycloud.duckdb/read",
    ]
    static let implied: [String: Set<String>] = [
        "tinycloud.sql/*": [
            "tinycloud.sql/read", "tinycloud.sql/write", "tinycloud.sql/schema", "tinycloud.sql/admin",
        ],
        "tinycloud.sql/admin": ["tinycloud.sql/schema"],
        "tinycloud.duckdb/*": [
            "tinycloud.duckdb/read", "tinycloud.duckdb/write", "tinycloud.duckdb/admin", "tinycloud.duckdb/import",
            "tinycloud.duckdb/export",
        ],
    ]

    static func plainName(_ ability: String) -> String { aliases[ability] ?? ability }

    static func abilityCovers(_ held: String, _ required: String) -> Bool {
        let (held, required) = (plainName(held), plainName(required))
        return held == required || (implied[held] ?? []).contains { abilityCovers($0, required) }
    }

    /// True when `inner` is at least as narrow; `delegating` is false when it is the caveats of a use.
    static func caveatsCover(_ outer: [PlainCaveat], _ inner: [PlainCaveat], delegating: Bool) -> Bool {
        if delegating, (outer + inner).contains(where: \.isSelector) {
            guard outer.count == 1, inner.count == 1, case .selector(let isPrefix, let value) = outer[0],
                case .selector(_, let innerValue) = inner[0]
            else { return false }
            if outer == inner { return true }
            guard isPrefix else { return false }
            let folder = value.hasSuffix("/") ? value : value + "/"
            return innerValue == value || (innerValue.hasPrefix(folder) && innerValue != folder)
        }
        if outer.contains(where: \.isSQL) {
            guard outer.count == 1, inner.count == 1, case .sql(true, let allowed) = outer[0],
                case .sql(true, let asked) = inner[0], hasDistinctNames(allowed), hasDistinctNames(asked)
            else { return false }
            return asked.allSatisfy { query in
                allowed.contains { own in
                    own.name == query.name && own.sql == query.sql
                        && own.pinned.allSatisfy { query.pinned[$0.key] == $0.value }
                }
            }
        }
        return outer.isEmpty || outer == inner
    }

    /// True when a use without a statement is one that the caveat allows: a selector's place, else nothing.
    static func admits(_ caveat: PlainCaveat, _ ability: String, _ resource: String) -> Bool {
        guard case .selector(let isPrefix, let value) = caveat else { return false }
        if isPrefix { return resource == value || resource.hasPrefix(value.hasSuffix("/") ? value : value + "/") }
        return resource == value && plainName(ability) != "tinycloud.kv/list"
    }

    private static func hasDistinctNames(_ queries: [PlainQuery]) -> Bool {
        Set(queries.map(\.name)).count == queries.count
    }
}

extension PlainCaveat {
    var isSelector: Bool { if case .selector = self { true } else { false } }
    var isSQL: Bool { if case .sql = self { true } else { false } }
}
