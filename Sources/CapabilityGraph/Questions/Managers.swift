import UCAN

/// Who may change a space, the first of them first.
struct Managers {
    var named: [DID] = []
    /// Those that manage it by edges elsewhere.
    var elsewhere: [DID] = []
    /// Where there may be more.
    var capped: Capped?
    /// How many capabilities and principals were looked at, about.
    var visited = 0

    /// True where somebody is left when those are gone; nil where that was not found out.
    func remain(without removed: Set<DID>) -> Bool? {
        if (named + elsewhere).contains(where: { !removed.contains($0) }) { return true }
        return capped == nil ? false : nil
    }
}

extension Snapshot {
    /// How many managers are asked for.
    private static let maxManagers = 64

    /// Who manages a space by the ability of its family, or holds the one to end delegations of it: whom it was given to
    /// comes first.
    func managers(of space: Space, at: Timestamp) -> Managers {
        let managing = graph.families[space.family]?.managing
        let asked = WhoCanQuestion(
            ability: managing ?? Ability(trusted: "tinycloud.delegation/revoke"),
            resource: managing == nil ? Resource(space: space, service: "delegation") : Resource(space: space),
            kinds: [.account, .key])
        guard let page = try? whoCan(asked, after: nil, limit: Self.maxManagers, now: at) else {
            return Managers(named: [space.owner])
        }
        var found = Managers(visited: page.visited)
        for row in page.rows {
            if row.route.allSatisfy({ touches($0.edge, space) }) {
                found.named.append(row.principal)
            } else {
                found.elsewhere.append(row.principal)
            }
        }
        if let holder = holder(of: space), let place = found.named.firstIndex(of: holder) {
            found.named.insert(found.named.remove(at: place), at: 0)
        }
        if page.cursor != nil || page.capped != nil {
            found.capped = Capped(by: .principals, limit: Self.maxManagers, visited: page.rows.count)
        }
        return found
    }

    /// Whom a space was given to last; nil for one that was not made here.
    private func holder(of space: Space) -> DID? {
        guard let number = self.space(space) else { return nil }
        var cursor = graph.lists.cursor(EdgeLists.Key(.ownerships, number))
        while let edge = cursor.next() {
            if isVisible(edge) { return DID(trusted: graph.terms.text(graph.audience(edge))) }
        }
        return nil
    }
}
