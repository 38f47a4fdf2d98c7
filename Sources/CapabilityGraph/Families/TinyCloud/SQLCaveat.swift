public import Multiformats

/// Limits SQL to named statements with pinned parameters (`constrained-statements`, tinycloud.md 7.6).
public struct SQLCaveat: Caveat {
    public static let type = mode
    struct Statement {
        let name: String
        let sql: String
        let fixed: [(index: Int64, value: JSON)]
    }

    let readOnly: Bool
    let statements: [Statement]

    private static let mode = "constrained-statements"

    public static func isOne(_ json: JSON) -> Bool {
        guard case .object(let object) = json, case .string(let text)? = object["mode"] else { return false }
        return UTF8Bytes.equal(text, mode)
    }

    /// Reads `{mode, readOnly, statements:[{name, sql, fixedParams:[{index, value}]}]}`; nil when malformed.
    ///
    /// A member nobody understands may be a restriction: nothing can be proved under it, so it is malformed too.
    public init?(_ json: JSON) {
        guard Self.isOne(json), case .object(let object) = json, object.count == 3,
            case .bool(let readOnly)? = object["readOnly"], case .array(let list)? = object["statements"]
        else { return nil }
        var statements: [Statement] = []
        for item in list {
            guard case .object(let entry) = item, case .string(let name)? = entry["name"],
                case .string(let sql)? = entry["sql"], let fixed = Self.fixedParameters(entry["fixedParams"]),
                entry.count == (entry["fixedParams"] == nil ? 2 : 3),
                !statements.contains(where: { $0.name.utf8.elementsEqual(name.utf8) })
            else { return nil }
            statements.append(Statement(name: name, sql: sql, fixed: fixed))
        }
        self.readOnly = readOnly
        self.statements = statements
    }

    private static func fixedParameters(_ json: JSON?) -> [(index: Int64, value: JSON)]? {
        guard let json else { return [] }
        guard case .array(let list) = json else { return nil }
        var fixed: [(index: Int64, value: JSON)] = []
        for item in list {
            guard case .object(let entry) = item, entry.count == 2, case .number(let number)? = entry["index"],
                let index = number.int64, index >= 0, let value = entry["value"],
                !fixed.contains(where: { $0.index == index })
            else { return nil }
            fixed.append((index, value))
        }
        return fixed
    }

    /// Constrained statements may only be narrowed to constrained statements.
    public static func containment(
        of child: Caveats, in parent: Caveats, for purpose: Caveats.Purpose
    ) -> CaveatContainment? {
        guard parent.list.contains(where: isOne) else { return nil }
        if parent.list == child.list, parent.list.count == 1, Self(parent.list[0])?.readOnly == true {
            return .contained
        }
        guard child.list.count == 1, isOne(child.list[0]) else { return .failed(.caveatRequired) }
        guard parent.list.count == 1, let outer = Self(parent.list[0]), let inner = Self(child.list[0]) else {
            return .failed(.malformed)
        }
        return outer.failure(containing: inner).map { .failed($0) } ?? .contained
    }

    /// Returns why `child` allows more than this caveat, or nil when it does not.
    func failure(containing child: SQLCaveat) -> CaveatFailure? {
        guard readOnly, child.readOnly else { return .nonReadOnly }
        for statement in child.statements {
            guard let own = statements.first(where: { $0.name.utf8.elementsEqual(statement.name.utf8) }) else {
                return .statementAdded
            }
            guard own.sql.utf8.elementsEqual(statement.sql.utf8) else { return .statementChanged }
            for pinned in own.fixed {
                guard let kept = statement.fixed.first(where: { $0.index == pinned.index }) else {
                    return .fixedParameterDropped
                }
                guard kept.value == pinned.value else { return .fixedParameterChanged }
            }
        }
        return nil
    }
}
