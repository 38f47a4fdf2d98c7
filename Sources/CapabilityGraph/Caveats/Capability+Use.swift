extension Capability {
    /// Returns why a use of this capability, with the caveats it carries, is not to be carried out here; nil when each of
    /// them is known here and holds.
    ///
    /// That caveats are contained in those of a proof says nothing of what they demand of the use itself. Here that can be
    /// told of selectors alone: one must name the resource, or, where the use reaches what lies below it, all of that.
    func useFailure(_ registry: AbilityRegistry) -> CaveatFailure? {
        for caveat in caveats.list {
            guard SelectorCaveat.isSelector(caveat) else { return .unjudged }
            guard let selector = SelectorCaveat(caveat) else { return .malformed }
            let reachesBelow = registry.isSame(ability, Self.list)
            guard selector.admits(resource.text),
                !reachesBelow || selector.kind == .prefix
            else { return .selectorNotContained }
        }
        return nil
    }

    // The text is a literal of the right form.
    private static let list = Ability(literal: "tinycloud.kv/list")
}
