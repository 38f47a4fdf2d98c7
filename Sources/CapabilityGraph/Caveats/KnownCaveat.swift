import Multiformats

/// One caveat whose meaning is known here, and so can be held against a use. Every other one refuses.
enum KnownCaveat {
    case selector(SelectorCaveat)
    case statements(SQLCaveat)
    case space(SpaceCaveat)

    /// Throws `unjudged` for a kind that nobody here knows and `malformed` for one that is not as its kind demands.
    init(_ json: JSON) throws(CaveatFailure) {
        if SelectorCaveat.isSelector(json) {
            guard let selector = SelectorCaveat(json) else { throw .malformed }
            self = .selector(selector)
        } else if SQLCaveat.isConstrained(json) {
            guard let statements = SQLCaveat(json) else { throw .malformed }
            self = .statements(statements)
        } else if SpaceCaveat.isOne(json) {
            guard let caveat = SpaceCaveat(json) else { throw .malformed }
            self = .space(caveat)
        } else {
            throw .unjudged
        }
    }

    /// Returns why a use is not within this caveat, or nil when it is.
    func failure(_ use: CaveatUse, _ registry: AbilityRegistry) -> CaveatFailure? {
        switch self {
        case .selector(let selector):
            let isWithin =
                selector.admits(use.resource.text)
                && (selector.kind == .prefix || !use.reachesBelow(registry))
            return isWithin ? nil : .selectorNotContained
        case .statements(let statements):
            guard let statement = use.context?.statement else { return .statementMissing }
            return statements.failure(using: statement)
        case .space(let caveat): return caveat.failure(use)
        }
    }
}

/// What is to be done under a capability: all that its caveats are held against.
struct CaveatUse: Sendable {
    let ability: Ability
    let resource: Resource
    let context: CheckContext?

    /// True for a use of a place that takes in what lies below it: a listing, and everything but one record.
    func reachesBelow(_ registry: AbilityRegistry) -> Bool {
        if case .atproto(_, let path) = resource { return path.map { $0.utf8.count { $0 == 0x2F } < 2 } ?? true }
        return registry.isSame(ability, Self.list)
    }

    // The text is a literal of the right form.
    private static let list = Ability(literal: "tinycloud.kv/list")
}

extension Caveats {
    /// Returns why a use is not within each of these caveats, or nil when it is.
    ///
    /// That caveats are contained in those of a proof says nothing of what they demand of the use itself: this does.
    func failure(_ use: CaveatUse, _ registry: AbilityRegistry) -> CaveatFailure? {
        for json in list {
            do throws(CaveatFailure) {
                if let failure = try KnownCaveat(json).failure(use, registry) { return failure }
            } catch {
                return error
            }
        }
        return nil
    }
}
