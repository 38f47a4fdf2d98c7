public import Multiformats

/// One kind of caveat whose meaning is known here, and so can be held against a use. A caveat of no kind refuses.
public protocol Caveat: Sendable {
    /// Names the kind among those of all families.
    static var type: String { get }
    /// True for JSON of this kind, well formed or not.
    static func isOne(_ json: JSON) -> Bool
    /// Reads the one form of the kind and nothing else; nil for what is of the kind but malformed.
    init?(_ json: JSON)
    /// Returns why a use is not within this caveat, or nil when it is.
    func failure(_ use: CaveatUse, _ families: Families) -> CaveatFailure?
    /// Judges lists of caveats where the kind has a rule of its own for them; nil where the lists must be the same.
    static func containment(of child: Caveats, in parent: Caveats, for purpose: Caveats.Purpose) -> CaveatContainment?
}

extension Caveat {
    public static func isOne(_ json: JSON) -> Bool {
        guard case .object(let object) = json, case .string(let text)? = object["type"] else { return false }
        return UTF8Bytes.equal(text, type)
    }

    public static func containment(
        of child: Caveats, in parent: Caveats, for purpose: Caveats.Purpose
    ) -> CaveatContainment? { nil }
}

/// What a rule of containment says.
public enum CaveatContainment: Sendable, Hashable {
    case contained
    case failed(CaveatFailure)
}

/// What is to be done under a capability: all that its caveats are held against.
///
/// A class, since a question carries one along at every step and few caveats ever look at it: copying it is one count.
public final class CaveatUse: Sendable {
    public let ability: Ability
    public let resource: Resource
    public let context: CheckContext?

    init(ability: Ability, resource: Resource, context: CheckContext?) {
        self.ability = ability
        self.resource = resource
        self.context = context
    }
}

extension Caveats {
    public enum Purpose: Sendable { case delegation, invocation }

    /// Returns why `child` is not at least as narrow as this list, or nil when it is (tinycloud.md 7.6, ucan.md B.4.4).
    public func failure(
        containing child: Caveats, for purpose: Purpose, _ families: Families
    ) -> CaveatFailure? {
        if isEmpty, child.isEmpty { return nil }
        for kind in families.caveats {
            switch kind.containment(of: child, in: self, for: purpose) {
            case .contained?: return nil
            case .failed(let failure)?: return failure
            case nil: continue
            }
        }
        // Anything narrows no caveat; otherwise the lists must be the same.
        return isEmpty || list == child.list ? nil : .different
    }

    /// Returns why a use is not within each of these caveats, or nil when it is.
    ///
    /// That caveats are contained in those of a proof says nothing of what they demand of the use itself: this does.
    func failure(_ use: CaveatUse, _ families: Families) -> CaveatFailure? {
        for json in list {
            guard let kind = families.caveats.first(where: { $0.isOne(json) }) else { return .unjudged }
            guard let caveat = kind.init(json) else { return .malformed }
            if let failure = caveat.failure(use, families) { return failure }
        }
        return nil
    }
}
