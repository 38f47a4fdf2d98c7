import UCAN

/// The consequences of some changes in the order in which they are told, as far as the asker may name them.
struct EffectList {
    enum Item {
        case ended(UInt32), stays(UInt32), notSimulated(UInt32), derived(UInt32), orphan(UInt32)
        case use(EffectSearch.Use)
        case unmanaged(Space)
    }

    let question: WhatIfQuestion
    let effects: EffectSearch
    private(set) var rows: [Item] = []
    private(set) var counts = WhatIfCounts()
    private(set) var hidden = Hidden()
    private(set) var capped: Capped?

    private var hiddenEdges: Set<UInt32> = []

    /// How many of the ended edges are named for one row, and how much that is left.
    private static let maxCauses = 8
    private static let maxRemains = 8

    private var before: Snapshot { effects.before }
    private var after: Snapshot { effects.after }
    private var graph: Graph { before.graph }

    init(
        question: WhatIfQuestion, plan: EndingPlan, effects: EffectSearch, orphans: OrphanSearch,
        _ budget: inout QuestionBudget
    ) {
        self.question = question
        self.effects = effects
        capped = effects.capped
        if plan.isUnsure || orphans.isUnsure { cap() }
        for edge in plan.ended.sorted(by: >) where take(.ended(edge), [edge]) { counts.ended += 1 }
        for edge in plan.stays.sorted(by: >) where take(.stays(edge), [edge]) { counts.stays += 1 }
        for edge in plan.notSimulated.sorted(by: >) where take(.notSimulated(edge), [edge]) {
            counts.notSimulated += 1
        }
        var hiddenPrincipals: Set<UInt32> = []
        for isKept in [false, true] {
            for use in effects.uses where use.way.isKept == isKept {
                let edges = [use.cause, use.capability].map { graph.capabilities[$0].edge } + use.edges
                guard take(.use(use), edges) else {
                    hiddenPrincipals.insert(use.principal)
                    continue
                }
                if isKept { counts.kept += 1 } else { counts.lost += 1 }
                if case .path(let path) = use.way { hide(path.map { graph.capabilities[$0].edge }) }
            }
        }
        for edge in derived(plan, &budget) where take(.derived(edge), [edge]) { counts.derived += 1 }
        for space in unmanaged(&budget) {
            counts.unmanaged += 1
            rows.append(.unmanaged(space))
        }
        for edge in orphans.edges where take(.orphan(edge), [edge]) { counts.orphans += 1 }
        hidden.principals = hiddenPrincipals.count
        hide(effects.elsewhere.map { graph.capabilities[$0].edge }, whole: true)
        hidden.edges = hiddenEdges.count
    }

    private mutating func cap() {
        let limit = graph.limits.maxCheckNodes
        capped = capped ?? Capped(by: .nodes, limit: limit, visited: limit)
    }

    private mutating func take(_ item: Item, _ edges: [UInt32]) -> Bool {
        let isNamed = edges.allSatisfy { question.names($0, in: before) }
        if isNamed { rows.append(item) } else { hide(edges) }
        return isNamed
    }

    /// Counts the edges that the asker may not name; with `whole` those too of which it may not be told all.
    private mutating func hide(_ edges: [UInt32], whole: Bool = false) {
        hiddenEdges.formUnion(edges.filter { whole || !question.names($0, in: before) })
    }

    /// What was made for a session, an invite or a key and dies without being ended itself.
    private func derived(_ plan: EndingPlan, _ budget: inout QuestionBudget) -> [UInt32] {
        var found: [UInt32] = []
        for capability in effects.dead {
            let edge = graph.capabilities[capability].edge
            guard budget.spend(), found.last != edge, !plan.ended.contains(edge) else { continue }
            let kind = graph.kind(of: edge)
            if !kind.traits.isDisjoint(with: [.bearerToken, .minted, .session]) || kind == .invite {
                found.append(edge)
            }
        }
        return found
    }

    /// The spaces whose managers all lost that.
    private mutating func unmanaged(_ budget: inout QuestionBudget) -> [Space] {
        var seen: Set<UInt32> = []
        var found: [Space] = []
        for capability in effects.dead where budget.left > 0 {
            let number = graph.resources.row(graph.capabilities[capability].resource).space
            guard number != 0, seen.insert(number).inserted,
                let space = try? graph.families.space(graph.terms.text(graph.spaces.row(number - 1).text)),
                graph.families[space.family]?.managing != nil, question.unit.map({ $0 == space }) ?? true,
                before.deletion(of: number - 1) == nil
            else { continue }
            let (were, are) = (before.managers(of: space, at: effects.at), after.managers(of: space, at: effects.at))
            _ = budget.spend(were.visited + are.visited)
            switch (were.remain(without: []), are.remain(without: [])) {
            case (true?, false?): found.append(space)
            case (nil, false?), (_, nil): cap()
            default: break
            }
        }
        return found
    }

    // MARK: telling

    /// The rows from a place on, as many as a page has room for, and one in any case.
    mutating func page(
        from first: Int, limit: Int, maxBytes: Int, _ budget: inout QuestionBudget
    ) -> [WhatIfRow] {
        var (page, bytes) = ([WhatIfRow](), 0)
        for item in rows.dropFirst(first) {
            guard page.count < limit, bytes < maxBytes || page.isEmpty else { break }
            let row = told(item, &budget)
            page.append(row)
            bytes += Self.bytes(of: row)
        }
        return page
    }

    /// How many bytes say a row, about.
    private static func bytes(of row: WhatIfRow) -> Int {
        switch row {
        case .ended, .stays, .derived, .orphan: 384
        case .notSimulated: 1024
        case .unmanaged(let space): 16 + space.text.utf8.count
        case .lost(let use, let remains):
            256 + 160 * use.by.count + use.capability.byteCount + remains.reduce(0) { $0 + 64 + $1.byteCount }
        case .kept(let use, let route): 256 + 160 * (use.by.count + route.count) + use.capability.byteCount
        }
    }

    private func told(_ item: Item, _ budget: inout QuestionBudget) -> WhatIfRow {
        switch item {
        case .ended(let edge): .ended(Snapshot.EdgeID(raw: edge))
        case .stays(let edge): .stays(Snapshot.EdgeID(raw: edge))
        case .notSimulated(let edge): .notSimulated(Snapshot.EdgeID(raw: edge))
        case .derived(let edge): .derived(Snapshot.EdgeID(raw: edge))
        case .orphan(let edge): .orphan(Snapshot.EdgeID(raw: edge))
        case .unmanaged(let space): .unmanaged(space)
        case .use(let use): told(use, &budget)
        }
    }

    private func told(_ use: EffectSearch.Use, _ budget: inout QuestionBudget) -> WhatIfRow {
        var capability = before.capability(use.capability)
        capability.ability = Ability(trusted: graph.terms.text(use.ability))
        let (causes, areCut) = causes(of: use.cause, &budget)
        func told(isCut: Bool, isUndetermined: Bool) -> WhatIfUse {
            WhatIfUse(
                principal: DID(trusted: graph.terms.text(use.principal)), capability: capability, by: causes,
                isCut: areCut || isCut, isUndetermined: isUndetermined)
        }
        switch use.way {
        case .path(let path):
            let route = path.flatMap { after.liveRoute(from: $0, at: effects.at.microseconds).map(\.edge) }
            _ = budget.spend(route.count)
            let isNamed = route.allSatisfy { question.names($0.raw, in: after) }
            return .kept(told(isCut: false, isUndetermined: false), route: isNamed ? route : [])
        case .none, .undetermined:
            let (left, isCut) = remains(use, capability, &budget)
            let isUndetermined = if case .undetermined = use.way { true } else { false }
            return .lost(told(isCut: isCut, isUndetermined: isUndetermined), remains: left)
        }
    }

    /// Which of the ended edges a dead capability rests on, nearest first; cut where there may be more.
    private func causes(
        of start: UInt32, _ budget: inout QuestionBudget
    ) -> (edges: [Snapshot.EdgeID], isCut: Bool) {
        var found: [UInt32] = []
        var (queue, head, seen) = ([start], 0, Set([start]))
        while head < queue.count {
            guard head < graph.limits.maxCheckNodes, budget.spend() else { return (named(found), true) }
            let edge = graph.capabilities[queue[head]].edge
            head += 1
            if after.isEnded(edge), !before.isEnded(edge) {
                guard !found.contains(edge) else { continue }
                guard found.count < Self.maxCauses else { return (named(found), true) }
                found.append(edge)
                continue
            }
            for support in before.supports(of: queue[head - 1]) where seen.insert(support).inserted {
                queue.append(support)
            }
        }
        return (named(found), false)
    }

    private func named(_ edges: [UInt32]) -> [Snapshot.EdgeID] {
        edges.filter { question.names($0, in: before) }.map(Snapshot.EdgeID.init(raw:))
    }

    /// What the principal still holds inside what it lost, newest first; cut where there may be more.
    private func remains(
        _ use: EffectSearch.Use, _ lost: Capability, _ budget: inout QuestionBudget
    ) -> (capabilities: [Capability], isCut: Bool) {
        guard let space = lost.resource.space.flatMap(after.space) else { return ([], false) }
        var found: [Capability] = []
        var looks = QuestionBudget(graph.limits.maxCheckNodes)
        var edges = ReceivedEdges(of: use.principal, in: space, graph: graph)
        while let edge = edges.next() {
            guard looks.spend(), budget.spend() else { return (found, true) }
            guard after.isVisible(edge), !after.isEnded(edge) else { continue }
            for number in after.capabilities(of: edge) {
                guard looks.spend(), budget.spend() else { return (found, true) }
                let row = graph.capabilities[number]
                let required = graph.terms.registryIndex[row.ability]
                guard after.coversAbility(held: use.ability, required: row.ability, requiredNumber: required) else {
                    continue
                }
                let held = after.capability(number)
                guard lost.resource.contains(held.resource), !found.contains(held) else { continue }
                switch after.route(from: number, at: effects.at, &budget) {
                case .dead: continue
                case .budgetExhausted: return (found, true)
                case .live: break
                }
                guard found.count < Self.maxRemains else { return (found, true) }
                found.append(held)
            }
        }
        return (found, false)
    }
}
