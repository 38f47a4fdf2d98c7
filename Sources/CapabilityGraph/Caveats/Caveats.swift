public import Multiformats

/// Holds the caveats of one capability as the list it was signed with; the empty list means none.
public struct Caveats: Hashable, Sendable {
    public static let none = Caveats([])

    public let list: [JSON]

    /// Takes the list as signed; numbers with a fraction or exponent are kept in canonical form, as they are stored, so
    /// that a list always equals itself.
    public init(_ list: [JSON]) {
        guard list.contains(where: Self.hasInexactNumber),
            case .array(let canonical)? = try? JSON.parse(JSON.array(list).canonical())
        else {
            self.list = list
            return
        }
        self.list = canonical
    }

    private static func hasInexactNumber(_ json: JSON) -> Bool {
        switch json {
        case .null, .bool, .string: false
        case .number(let number): number.text == "-0" || number.text.contains { ".eE".contains($0) }
        case .array(let items): items.contains(where: hasInexactNumber)
        case .object(let object): object.members.contains { hasInexactNumber($0.value) }
        }
    }

    public var isEmpty: Bool { list.isEmpty }

    /// The form TinyCloud shows: one object keyed by decimal position, `{}` when there are none (tinycloud.md 7.6).
    public var keyed: JSON {
        let members = list.enumerated().map { (key: String($0.offset), value: $0.element) }
        return JSONObject(members).map(JSON.object) ?? .null
    }

    /// Canonical bytes of the list, equal exactly when the lists are structurally equal.
    var canonicalBytes: [UInt8] { JSON.array(list).canonical() }

    init(canonicalBytes: UnsafeRawBufferPointer) throws(GraphError) {
        guard !canonicalBytes.isEmpty else {
            self = .none
            return
        }
        do {
            guard case .array(let list) = try JSON.parse(Array(canonicalBytes)) else {
                throw GraphError(.malformedCaveat, "stored caveats are not a list")
            }
            self.list = list
        } catch {
            throw GraphError(.malformedCaveat, "stored caveats cannot be read")
        }
    }
}
