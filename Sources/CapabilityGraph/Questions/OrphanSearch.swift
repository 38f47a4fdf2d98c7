import UCAN

/// Live edges that nobody could end any more: all who may end them are supposed to be gone.
struct OrphanSearch {
    let after: Snapshot
    let at: Timestamp
    let removed: [DID]
    private(set) var capped: Capped?
    private(set) var edges: [UInt32] = []

    /// Whether somebody who stays may end edges of a space, by the space's number.
    private var isGoverned: [UInt32: Bool] = [:]

    init(after: Snapshot, at: Timestamp, removed: [DID]) {
        self.after = after
        self.at = at
        self.removed = removed
    }

    private var graph: Graph { after.graph }

    func run() -> OrphanSearch {
        var search = self
        search.find()
        return search
    }

    private mutating func find() {
        var budget = QuestionBudget(Snapshot.maxSupposed)
        var found: Set<UInt32> = []
        let numbers = Set(removed.compactMap(after.principal))
        for principal in removed {
            after.forEachEdge(receivedBy: principal, in: nil, &budget) { found.insert($0) }
            after.forEachEdge(issuedBy: principal, &budget) { found.insert($0) }
        }
        for edge in found.sorted(by: >) where isLive(edge) && !isGoverned(edge, without: numbers) { edges.append(edge) }
        if budget.left == 0 {
            capped = Capped(by: .edges, limit: Snapshot.maxSupposed, visited: Snapshot.maxSupposed)
        }
    }

    private func isLive(_ edge: UInt32) -> Bool {
        after.isVisible(edge)
            && after.capabilities(of: edge).contains { number in
                var budget = graph.limits.maxCheckNodes
                return after.searchRoute(from: number, at: at.microseconds, budget: &budget) == .live
            }
    }

    /// True where somebody is left who issued, received or controls it, or may end it by what it holds.
    private mutating func isGoverned(_ edge: UInt32, without removed: Set<UInt32>) -> Bool {
        if !removed.contains(graph.issuer(edge)) || !removed.contains(graph.audience(edge)) { return true }
        for number in after.capabilities(of: edge) {
            let resource = graph.resources.row(graph.capabilities[number].resource)
            if resource.authority != 0, !removed.contains(resource.authority) { return true }
            if resource.space != 0, hasManager(resource.space - 1) { return true }
        }
        return false
    }

    private mutating func hasManager(_ space: UInt32) -> Bool {
        if let known = isGoverned[space] { return known }
        var isManaged = false
        if let named = try? graph.families.space(graph.terms.text(graph.spaces.row(space).text)) {
            isManaged = after.managers(of: named, at: at).contains { !removed.contains($0) }
        }
        isGoverned[space] = isManaged
        return isManaged
    }
}

extension Snapshot {
    /// The first of those who may end what stands in a space: by the ability its family manages it by, or holding the one to
    /// revoke.
    func managers(of space: Space, at: Timestamp) -> [DID] {
        let managing = graph.families[space.family]?.managing
        let question = WhoCanQuestion(
            ability: managing ?? Ability(trusted: "tinycloud.delegation/revoke"),
            resource: managing == nil ? Resource(space: space, service: "delegation") : Resource(space: space))
        let page = try? whoCan(question, after: nil, limit: 1000, now: at)
        return page?.rows.map(\.principal) ?? []
    }
}
