import UCAN

/// Live edges that nobody could end any more: all who may end them are supposed to be gone.
struct OrphanSearch {
    let after: Snapshot
    let at: Timestamp
    let question: WhatIfQuestion
    /// Newest first, those alone that the asker may name.
    private(set) var edges: [UInt32] = []
    /// True where a bound kept it from being found out whether somebody is left.
    private(set) var isUnsure = false

    private let removed: Set<DID>
    /// Whether somebody who stays may end edges of a space, by the space's number.
    private var isGoverned: [UInt32: Bool] = [:]

    init(after: Snapshot, at: Timestamp, question: WhatIfQuestion) {
        self.after = after
        self.at = at
        self.question = question
        removed = Set(question.removed)
    }

    private var graph: Graph { after.graph }

    mutating func find(_ budget: inout QuestionBudget) {
        var found: Set<UInt32> = []
        for principal in removed {
            found.formUnion(after.edges(receivedBy: principal, in: question.unit, &budget))
            found.formUnion(after.edges(issuedBy: principal, in: question.unit, &budget))
        }
        let numbers = Set(removed.compactMap(after.principal))
        for edge in found.sorted(by: >) where question.names(edge, in: after) {
            switch after.isLive(edge, at: at, &budget) {
            case true?: if !isGoverned(edge, without: numbers, &budget) { edges.append(edge) }
            case false?: break
            case nil: isUnsure = true
            }
        }
    }

    /// True where somebody is left who issued, received or controls it, or may end it by what it holds. Of a reader's edge
    /// what lies outside its unit is not asked.
    private mutating func isGoverned(
        _ edge: UInt32, without removed: Set<UInt32>, _ budget: inout QuestionBudget
    ) -> Bool {
        if !removed.contains(graph.issuer(edge)) || !removed.contains(graph.audience(edge)) { return true }
        let unit = question.unit.flatMap { after.space($0) }
        for number in after.capabilities(of: edge) {
            let resource = graph.resources.row(graph.capabilities[number].resource)
            guard question.unit == nil || resource.space == unit.map({ $0 + 1 }) else { continue }
            if resource.authority != 0, !removed.contains(resource.authority) { return true }
            if resource.space != 0, hasManager(resource.space - 1, &budget) { return true }
        }
        return false
    }

    private mutating func hasManager(_ space: UInt32, _ budget: inout QuestionBudget) -> Bool {
        if let known = isGoverned[space] { return known }
        var isManaged = false
        if let named = try? graph.families.space(graph.terms.text(graph.spaces.row(space).text)) {
            let managers = after.managers(of: named, at: at)
            _ = budget.spend(managers.visited)
            let remain = managers.remain(without: removed)
            if remain == nil { isUnsure = true }
            isManaged = remain ?? true
        }
        isGoverned[space] = isManaged
        return isManaged
    }
}
