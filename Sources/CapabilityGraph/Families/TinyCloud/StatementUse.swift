public import Multiformats

/// Describes one use of SQL as the body of a request states it.
public enum StatementUse: Sendable {
    /// Runs a statement by the name a caveat gives it, with the caller's values by position from 0.
    case named(String, parameters: [Int64: JSON])
    /// Runs SQL text of the caller's own.
    case query, execute, batch
    /// Takes the whole database out.
    case export

    /// The highest position SQLite numbers a parameter with, less one.
    static let maximumIndex: Int64 = 32_765

    /// Reads `{"kind":"executeStatement","name":…,"params":{"0":…}}`; `kind` may be left out, `params` may be an array.
    ///
    /// The kinds `query`, `execute`, `batch` and `export` are known by name alone. Throws `malformedContext`.
    public init(_ json: JSON) throws(GraphError) {
        guard case .object(let object) = json else {
            throw GraphError(.malformedContext, "the statement is not an object")
        }
        guard case .string(let kind) = object["kind"] ?? "executeStatement" else {
            throw GraphError(.malformedContext, "the `kind` of the statement is not a text")
        }
        switch kind.utf8 {
        case let text where text.elementsEqual("executeStatement".utf8): self = try Self.named(object)
        case let text where text.elementsEqual("query".utf8): self = .query
        case let text where text.elementsEqual("execute".utf8): self = .execute
        case let text where text.elementsEqual("batch".utf8): self = .batch
        case let text where text.elementsEqual("export".utf8): self = .export
        default: throw GraphError(.malformedContext, "`\(kind.prefix(200))` is not a kind of statement")
        }
    }

    private static func named(_ object: JSONObject) throws(GraphError) -> StatementUse {
        guard case .string(let name)? = object["name"] else {
            throw GraphError(.malformedContext, "the statement has no `name`")
        }
        let known = ["kind", "name", "params"].filter { object[$0] != nil }
        guard known.count == object.count else {
            throw GraphError(.malformedContext, "the statement has an unknown member")
        }
        var parameters: [Int64: JSON] = [:]
        switch object["params"] {
        case nil: break
        case .array(let values)?:
            for (index, value) in values.enumerated() { parameters[Int64(index)] = value }
        case .object(let members)?:
            for member in members.members {
                guard let index = index(member.key) else {
                    throw GraphError(.malformedContext, "`\(member.key.prefix(200))` is not a parameter's position")
                }
                parameters[index] = member.value
            }
        default: throw GraphError(.malformedContext, "`params` is neither an object nor an array")
        }
        guard parameters.count <= maximumIndex + 1 else {
            throw GraphError(.malformedContext, "the statement has too many parameters")
        }
        return .named(name, parameters: parameters)
    }

    /// What `init` reads.
    var json: JSON {
        switch self {
        case .named(let name, let parameters):
            var object = JSONObject()
            for (place, value) in parameters.sorted(by: { $0.key < $1.key }) { object["\(place)"] = value }
            return ["kind": "executeStatement", "name": .string(name), "params": .object(object)]
        case .query: return ["kind": "query"]
        case .execute: return ["kind": "execute"]
        case .batch: return ["kind": "batch"]
        case .export: return ["kind": "export"]
        }
    }

    /// Reads a position in its one decimal form; any other spelling could slip past a pinned position.
    private static func index(_ key: String) -> Int64? {
        let digits = key.utf8
        guard !digits.isEmpty, digits.count <= 5, digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }),
            digits.count == 1 || digits.first != 0x30, let index = Int64(key), index <= maximumIndex
        else { return nil }
        return index
    }
}

extension StatementUse: Hashable {
    public static func == (left: StatementUse, right: StatementUse) -> Bool {
        switch (left, right) {
        case (.named(let name, let parameters), .named(let otherName, let otherParameters)):
            UTF8Bytes.equal(name, otherName) && parameters == otherParameters
        case (.query, .query), (.execute, .execute), (.batch, .batch), (.export, .export): true
        case (.named, _), (.query, _), (.execute, _), (.batch, _), (.export, _): false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .named(let name, let parameters):
            hasher.combine(0)
            UTF8Bytes.hash(name, into: &hasher)
            hasher.combine(parameters)
        case .query: hasher.combine(1)
        case .execute: hasher.combine(2)
        case .batch: hasher.combine(3)
        case .export: hasher.combine(4)
        }
    }
}
