import Multiformats

extension Caveats {
    public enum Purpose: Sendable { case delegation, invocation }

    /// Returns why `child` is not at least as narrow as this list, or nil when it is (tinycloud.md 7.6, ucan.md B.4.4).
    public func failure(containing child: Caveats, for purpose: Purpose) -> CaveatFailure? {
        // Rule 1: a selector on either side of a delegation must be the only caveat of both sides.
        if purpose == .delegation,
            list.contains(where: SelectorCaveat.isSelector) || child.list.contains(where: SelectorCaveat.isSelector)
        {
            guard list.count == 1, child.list.count == 1,
                let parent = SelectorCaveat(list[0]), let inner = SelectorCaveat(child.list[0]),
                parent.contains(inner)
            else { return .selectorNotContained }
            return nil
        }
        // Rule 2: constrained statements may only be narrowed to constrained statements.
        if list.contains(where: SQLCaveat.isConstrained) {
            if list == child.list, let only = list.first, list.count == 1, SQLCaveat(only)?.readOnly == true {
                return nil
            }
            guard child.list.count == 1, SQLCaveat.isConstrained(child.list[0]) else { return .caveatRequired }
            guard list.count == 1, let parent = SQLCaveat(list[0]), let inner = SQLCaveat(child.list[0]) else {
                return .malformed
            }
            return parent.failure(containing: inner)
        }
        // Rule 3: anything narrows no caveat; otherwise the lists must be the same.
        return isEmpty || list == child.list ? nil : .different
    }
}
