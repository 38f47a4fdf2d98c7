public import Multiformats

/// Narrows a capability to one URI or to what lies below one (`xyz.tinycloud.resource/selector`, ucan.md B.4.4).
public struct SelectorCaveat: Caveat, Equatable {
    enum Kind: String { case exact, prefix }

    public static let type = "xyz.tinycloud.resource/selector"

    let kind: Kind
    let value: [UInt8]

    /// Reads `{"type","kind","value"}` and nothing else.
    public init?(_ json: JSON) {
        guard Self.isOne(json), case .object(let object) = json, object.members.count == 3,
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

    public func failure(_ use: CaveatUse, _ families: Families) -> CaveatFailure? {
        guard admits(use.resource.text) else { return .selectorNotContained }
        // Below one URI there is nothing that an exact selector names.
        return kind == .prefix || !families.reachesBelow(use) ? nil : .selectorNotContained
    }

    /// A selector on either side of a delegation must be the only caveat of both sides.
    public static func containment(
        of child: Caveats, in parent: Caveats, for purpose: Caveats.Purpose
    ) -> CaveatContainment? {
        guard purpose == .delegation, parent.list.contains(where: isOne) || child.list.contains(where: isOne) else {
            return nil
        }
        guard parent.list.count == 1, child.list.count == 1, let outer = Self(parent.list[0]),
            let inner = Self(child.list[0]), outer.contains(inner)
        else { return .failed(.selectorNotContained) }
        return .contained
    }

    /// True for a URI that may be used under this caveat: its own, or one at or below its next slash.
    func admits(_ uri: String) -> Bool {
        let uri = Array(uri.utf8)
        if uri == value { return true }
        return kind == .prefix && uri.starts(with: value.last == 0x2F ? value : value + [0x2F])
    }
}

extension CaveatFailure {
    public static let selectorNotContained = CaveatFailure("selector-caveat-not-contained")
}

extension Families {
    /// True for a use of a place that takes in what lies below it. Outside spaces there is nothing below.
    func reachesBelow(_ use: CaveatUse) -> Bool {
        guard use.resource.space != nil else { return false }
        return family(of: use.resource)?.reachesBelow(use.ability, use.resource, registry) ?? true
    }
}
