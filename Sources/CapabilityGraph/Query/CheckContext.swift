public import Multiformats

/// Says about one use what caveats are judged by; every part given must be met.
public struct CheckContext: Sendable, Hashable {
    /// The caveats the use itself is bound by, judged by containment.
    public var caveats: Caveats?
    /// The SQL the use runs, judged by the statements a caveat allows.
    public var statement: StatementUse?

    public init(caveats: Caveats? = nil, statement: StatementUse? = nil) {
        self.caveats = caveats
        self.statement = statement
    }

    /// True when nothing is said.
    public var isEmpty: Bool { caveats == nil && statement == nil }

    /// Reads `{"caveats":[{…}],"statement":{…}}`, both optional and nothing else; throws `malformedContext`.
    public init(_ json: JSON) throws(GraphError) {
        guard case .object(let object) = json else {
            throw GraphError(.malformedContext, "the context is not an object")
        }
        for member in object.members {
            switch member.key.utf8 {
            case let key where key.elementsEqual("caveats".utf8): caveats = try Self.caveats(member.value)
            case let key where key.elementsEqual("statement".utf8): statement = try StatementUse(member.value)
            default:
                throw GraphError(.malformedContext, "the context has an unknown member `\(member.key.prefix(200))`")
            }
        }
    }

    private static func caveats(_ json: JSON) throws(GraphError) -> Caveats {
        guard case .array(let list) = json, list.allSatisfy({ $0.object != nil }) else {
            throw GraphError(.malformedContext, "`caveats` is not an array of objects")
        }
        // The single empty object is how a token spells no caveat.
        return list.count == 1 && list[0].object?.isEmpty == true ? .none : Caveats(list)
    }
}
