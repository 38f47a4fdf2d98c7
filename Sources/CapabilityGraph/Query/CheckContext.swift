public import Multiformats

/// Says about one use what caveats and conditions are judged by; every part given must be met.
public struct CheckContext: Sendable, Hashable {
    /// The caveats the use itself is bound by, judged by containment.
    public var caveats: Caveats?
    private var values: [ObjectIdentifier: any ContextValue] = [:]

    public init(caveats: Caveats? = nil) { self.caveats = caveats }

    /// What is said under a key; nil where nothing is.
    public subscript<Key: ContextKey>(key: Key.Type) -> Key.Value? {
        get { values[ObjectIdentifier(key)] as? Key.Value }
        set { values[ObjectIdentifier(key)] = newValue }
    }

    /// True when nothing is said.
    public var isEmpty: Bool { caveats == nil && values.isEmpty }

    public static func == (left: CheckContext, right: CheckContext) -> Bool {
        left.caveats == right.caveats && left.values.count == right.values.count
            && left.values.allSatisfy { key, value in right.values[key].map { value.isEqual($0) } ?? false }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(caveats)
        hasher.combine(values.count)
    }
}

/// Names one thing that may be said of a use, and of which type it is.
public protocol ContextKey {
    associatedtype Value: ContextValue
}

public protocol ContextValue: Sendable, Equatable {}

extension ContextValue {
    fileprivate func isEqual(_ other: any ContextValue) -> Bool { (other as? Self) == self }
}

extension String: ContextValue {}
extension Bool: ContextValue {}
extension Int64: ContextValue {}

/// A member by which a question says something of a use, in JSON.
public struct ContextMember: Sendable {
    public let name: String
    /// Throws `malformedContext`.
    let read: @Sendable (JSON, Families, inout CheckContext) throws(GraphError) -> Void
    /// What `read` reads back; nil where nothing is said.
    let write: @Sendable (CheckContext) -> JSON?

    public init(
        _ name: StaticString,
        read: @escaping @Sendable (JSON, Families, inout CheckContext) throws(GraphError) -> Void,
        write: @escaping @Sendable (CheckContext) -> JSON? = { _ in nil }
    ) {
        self.name = "\(name)"
        self.read = read
        self.write = write
    }

    static let caveats = ContextMember("caveats") { json, _, context throws(GraphError) in
        guard case .array(let list) = json, list.allSatisfy({ $0.object != nil }) else {
            throw GraphError(.malformedContext, "`caveats` is not an array of objects")
        }
        // The single empty object is how a token spells no caveat.
        context.caveats = list.count == 1 && list[0].object?.isEmpty == true ? .some(.none) : Caveats(list)
    } write: { context in
        context.caveats.map { .array($0.list) }
    }
}
