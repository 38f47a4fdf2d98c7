import UCAN

/// The consequences of some changes in the order in which they are told, as far as the asker may name them.
struct EffectList {
    enum Item {
        case ended(UInt32), stays(UInt32), derived(UInt32), orphan(UInt32)
        case use(EffectSearch.Use)
        case unmanaged(Space)
    }

    /// A row as the asker is told it, and how many edges of it are not named.
    struct Told {
        let row: WhatIfRow
        let hiddenEdges: Int
    }

    let question: WhatIfQuestion
    let effects: EffectSearch
    private(set) var rows: [Item] = []
    private(set) var counts = WhatIfCounts()
    private(set) var hidden = Hidden()

    /// How many of the ended edges are named for one row, and how much that is left.
    private static let maxCauses = 8
    private static let maxRemains = 8
    /// Of how many spaces it is asked who manages them.
    private static let maxSpaces = 64

    private var before: Snapshot { effects.before }
    private var after: Snapshot { effects.after }
    private var graph: Graph { before.graph }

    init(question: WhatIfQuestion, plan: EndingPlan, effects: EffectSearch, orphans: OrphanSearch) {
        self.question = question
        self.effects = effects
        counts.ended = plan.ended.count
        for edge in plan.ended.sorted(by: >) { take(.ended(edge), [edge]) }
        counts.stays = plan.stays.count
        for edge in plan.stays.sorted(by: >) { take(.stays(edge), [edge]) }
        var hiddenPrincipals: Set<UInt32> = []
        for isLost in [true, false] {
            for use in effects.uses where (use.path == nil) == isLost {
                if isLost { counts.lost += 1 } else { counts.kept += 1 }
                let edges = [use.cause, use.capability].map { graph.capabilities[$0].edge } + use.edges
                if !take(.use(use), edges) { hiddenPrincipals.insert(use.principal) }
            }
        }
        let derived = derived(plan)
        counts.derived = derived.count
        for edge in derived { take(.derived(edge), [edge]) }
        for space in unmanaged() {
            counts.unmanaged += 1
            rows.append(.unmanaged(space))
        }
        counts.orphans = orphans.edges.count
        for edge in orphans.edges { take(.orphan(edge), [edge]) }
        hidden.principals = hiddenPrincipals.count
    }

    @discardableResult
    private mutating func take(_ item: Item, _ edges: [UInt32]) -> Bool {
        let unseen = edges.count { !question.names($0, in: before) }
        if unseen == 0 { rows.append(item) } else { hidden.edges += unseen }
        return unseen == 0
    }

    /// What was made for a session, an invite or a key and dies without being ended itself.
    private func derived(_ plan: EndingPlan) -> [UInt32] {
        var found: [UInt32] = []
        for capability in effects.dead {
            let edge = graph.capabilities[capability].edge
            guard found.last != edge, !plan.ended.contains(edge) else { continue }
            let kind = graph.kind(of: edge)
            let isDerived = !kind.traits.isDisjoint(with: [.bearerToken, .minted, .session]) || kind == .invite
            guard isDerived, !after.isInForce(Snapshot.EdgeID(raw: edge), at: effects.at) else { continue }
            found.append(edge)
        }
        return found
    }

    /// The spaces whose managers all lost that.
    private func unmanaged() -> [Space] {
        var seen: Set<UInt32> = []
        var found: [Space] = []
        for capability in effects.dead where seen.count < Self.maxSpaces {
            let space = graph.resources.row(graph.capabilities[capability].resource).space
            guard space != 0, seen.insert(space).inserted,
                let named = try? graph.families.space(graph.terms.text(graph.spaces.row(space - 1).text)),
                graph.families[named.family]?.managing != nil,
                question.unit.map({ $0 == named }) ?? question.viewer.isReader,
                after.managers(of: named, at: effects.at).isEmpty, !before.managers(of: named, at: effects.at).isEmpty
            else { continue }
            found.append(named)
        }
        return found
    }

    // MARK: telling

    func told(_ item: Item) -> Told {
        switch item {
        case .ended(let edge): Told(row: .ended(Snapshot.EdgeID(raw: edge)), hiddenEdges: 0)
        case .stays(let edge): Told(row: .stays(Snapshot.EdgeID(raw: edge)), hiddenEdges: 0)
        case .derived(let edge): Told(row: .derived(Snapshot.EdgeID(raw: edge)), hiddenEdges: 0)
        case .orphan(let edge): Told(row: .orphan(Snapshot.EdgeID(raw: edge)), hiddenEdges: 0)
        case .unmanaged(let space): Told(row: .unmanaged(space), hiddenEdges: 0)
        case .use(let use): told(use)
        }
    }

    private func told(_ use: EffectSearch.Use) -> Told {
        let principal = DID(trusted: graph.terms.text(use.principal))
        var capability = before.capability(use.capability)
        capability.ability = Ability(trusted: graph.terms.text(use.ability))
        let (causes, unseen) = causes(of: use.cause)
        guard let path = use.path else {
            return Told(
                row: .lost(principal, capability, by: causes, remains: remains(use, capability)), hiddenEdges: unseen)
        }
        let route = path.flatMap { after.liveRoute(from: $0, at: effects.at.microseconds).map(\.edge) }
        let foreign = route.count { !question.names($0.raw, in: after) }
        return Told(
            row: .kept(principal, capability, by: causes, route: foreign == 0 ? route : []),
            hiddenEdges: unseen + foreign)
    }

    /// Which of the ended edges a dead capability rests on, nearest first.
    private func causes(of start: UInt32) -> (seen: [Snapshot.EdgeID], unseen: Int) {
        var found: [UInt32] = []
        var (queue, head, seen) = ([start], 0, Set([start]))
        while head < queue.count, head < graph.limits.maxCheckNodes, found.count < Self.maxCauses {
            let row = graph.capabilities[queue[head]]
            head += 1
            var ended = row.edge
            if row.policy != 0, let policy = before.policyEdge(of: row), after.isEnded(policy) { ended = policy }
            if after.isEnded(ended), !before.isEnded(ended) {
                if !found.contains(ended) { found.append(ended) }
                continue
            }
            for support in before.supports(of: queue[head - 1]) where seen.insert(support).inserted {
                queue.append(support)
            }
        }
        let named = found.filter { question.names($0, in: before) }
        return (named.map(Snapshot.EdgeID.init(raw:)), found.count - named.count)
    }

    /// What the principal still holds inside what it lost, newest first.
    private func remains(_ use: EffectSearch.Use, _ lost: Capability) -> [Capability] {
        guard let space = lost.resource.space.flatMap(after.space) else { return [] }
        var found: [Capability] = []
        var looks = QuestionBudget(graph.limits.maxCheckNodes)
        var edges = ReceivedEdges(of: use.principal, in: space, graph: graph)
        while let edge = edges.next(), found.count < Self.maxRemains {
            guard after.isVisible(edge), !after.isEnded(edge), question.names(edge, in: after) else { continue }
            for number in after.capabilities(of: edge) {
                guard looks.spend() else { return found }
                let row = graph.capabilities[number]
                let required = graph.terms.registryIndex[row.ability]
                guard after.coversAbility(held: use.ability, required: row.ability, requiredNumber: required) else {
                    continue
                }
                let held = after.capability(number)
                var budget = graph.limits.maxCheckNodes
                guard lost.resource.contains(held.resource), !found.contains(held),
                    after.searchRoute(from: number, at: effects.at.microseconds, budget: &budget) == .live
                else { continue }
                found.append(held)
            }
        }
        return found
    }
}
