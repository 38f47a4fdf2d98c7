public import Multiformats

/// Holds the caveats of one capability as the list it was signed with; the empty list means none.
public struct Caveats: Hashable, Sendable {
    public static let none = Caveats([])

    public let list: [JSON]

    public init(_ list: [JSON]) {
        self.list = list
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
