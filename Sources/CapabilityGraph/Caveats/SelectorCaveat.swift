import Multiformats

/// Narrows a capability to one URI or to what lies below one (`xyz.tinycloud.resource/selector`, ucan.md B.4.4).
struct SelectorCaveat: Equatable {
    enum Kind: String { case exact, prefix }

    static let type = "xyz.tinycloud.resource/selector"

    let kind: Kind
    let value: [UInt8]

    static func isSelector(_ json: JSON) -> Bool {
        guard case .object(let object) = json, case .string(let text)? = object["type"] else { return false }
        return text.utf8.elementsEqual(type.utf8)
    }

    /// Reads `{"type","kind","value"}` and nothing else.
    init?(_ json: JSON) {
        guard Self.isSelector(json), case .object(let object) = json, object.members.count == 3,
            case .string(let kindText)? = object["kind"], case .string(let text)? = object["value"],
            let kind = Kind(rawValue: kindText)
        else { return nil }
        self.kind = kind
        value = Array(text.utf8)
    }

    /// Equal values, or a prefix and something behind its next slash; an exact selector never widens to a prefix.
    func contains(_ child: SelectorCaveat) -> Bool {
        if self == child { return true }
        guard kind == .prefix else { return false }
        if child.value == value { return true }
        let boundary = value.last == 0x2F ? value : value + [0x2F]
        return child.value.count > boundary.count && child.value.starts(with: boundary)
    }

    /// True for a URI that may be used under this caveat: its own, or one at or below its next slash.
    func admits(_ uri: String) -> Bool {
        let uri = Array(uri.utf8)
        if uri == value { return true }
        return kind == .prefix && uri.starts(with: value.last == 0x2F ? value : value + [0x2F])
    }
}
