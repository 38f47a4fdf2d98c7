import UCAN

/// What dies when the edges of an overlay end, and for whom: every capability that is live before and not after, once, and
/// every principal that it lets.
struct EffectSearch {
    /// A use that was allowed to somebody, and is judged again.
    struct Use {
        let principal: UInt32
        /// Says on what, and under which caveats.
        let capability: UInt32
        /// What of it is used; the capability's own unless a space's members hold less.
        let ability: UInt32
        /// The dead capability it comes from.
        let cause: UInt32
        /// The edges it is known by beside that of the cause.
        let edges: [UInt32]
        /// What leads there afterwards.
        var way = Way.none
    }

    enum Way {
        /// By these capabilities; none where it needs none.
        case path([UInt32])
        case none
        /// Not found out within a bound.
        case undetermined

        var isKept: Bool { if case .path = self { true } else { false } }
    }

    let before: Snapshot
    let after: Snapshot
    let at: Timestamp
    /// Where uses are looked for; nil for everywhere.
    let unit: Space?
    /// Newest edge first, then in signed order.
    private(set) var dead: [UInt32] = []
    private(set) var uses: [Use] = []
    /// True where a bound of one look kept something from being found out.
    private(set) var isUnsure = false
    private(set) var budget: QuestionBudget
    /// Dead capabilities outside the unit, of edges that touch it.
    private(set) var elsewhere: Set<UInt32> = []
    private var isDead: Set<UInt32> = []
    /// The abilities by which each principal uses each resource through spaces, those asked and those that were allowed.
    private var asked: [UseKey: (all: Set<UInt32>, allowed: [UInt32])] = [:]
    private var principals = QuestionBudget(Self.maxPrincipals)
    private var membersOf: [UInt32: [Holder]] = [:]
    private var admitting: [Space: [Space]] = [:]
    private let visibility: Visibility?

    /// How many members of spaces are looked at.
    private static let maxPrincipals = 10_000

    private typealias Holder = (principal: UInt32, edges: [UInt32])

    private struct UseKey: Hashable {
        let principal: UInt32
        let resource: UInt64
    }

    private var graph: Graph { before.graph }

    init(before: Snapshot, after: Snapshot, at: Timestamp, unit: Space?, budget: QuestionBudget) {
        self.before = before
        self.after = after
        self.at = at
        self.unit = unit
        self.budget = budget
        visibility = unit.map { Visibility(before, space: $0) }
    }

    /// The bound of its own that was hit, if any; what the whole question may look at is its asker's to tell.
    var capped: Capped? {
        guard principals.left > 0 else {
            return Capped(by: .principals, limit: Self.maxPrincipals, visited: Self.maxPrincipals)
        }
        return isUnsure
            ? Capped(by: .nodes, limit: graph.limits.maxCheckNodes, visited: graph.limits.maxCheckNodes) : nil
    }

    mutating func run() {
        findDead()
        let capabilities = graph.capabilities
        dead.sort { left, right in
            let edges = (capabilities[left].edge, capabilities[right].edge)
            return edges.0 == edges.1 ? left < right : edges.0 > edges.1
        }
        for capability in dead where budget.left > 0 { findUses(of: capability) }
    }

    // MARK: what dies

    private mutating func findDead() {
        var (queue, head) = ([UInt32](), 0)
        for edge in after.overlay?.edges ?? [] { queue += before.capabilities(of: edge) }
        while head < queue.count {
            let capability = queue[head]
            head += 1
            guard budget.spend() else { return }
            guard !isDead.contains(capability), isLive(capability, in: before), !isLive(capability, in: after) else {
                continue
            }
            isDead.insert(capability)
            dead.append(capability)
            // What rests on a capability of another space lies there too, and is not the asker's to count.
            guard visibility?.shows(capability: capability) ?? true else { continue }
            var place = QuestionIndex.ChildPlace.newest
            repeat {
                let children = graph.questions.children(of: capability, from: &place, in: graph)
                guard budget.spend(children.count) || children.isEmpty else { return }
                queue += children
            } while !place.isEnd
        }
    }

    private mutating func isLive(_ capability: UInt32, in snapshot: Snapshot) -> Bool {
        switch snapshot.route(from: capability, at: at, &budget) {
        case .live: return true
        case .dead: return false
        case .budgetExhausted:
            isUnsure = true
            return false
        }
    }

    // MARK: for whom

    private mutating func findUses(of capability: UInt32) {
        let row = graph.capabilities[capability]
        let audience = graph.audience(row.edge)
        let isTold = visibility?.shows(capability: capability) ?? true
        if isTold {
            append(Use(principal: audience, capability: capability, ability: row.ability, cause: capability, edges: []))
        } else {
            elsewhere.insert(capability)
        }
        var holders: [Holder] = [(audience, [])]
        if graph.families.isSpace(graph.terms.bytes(audience)), let space = before.memberSpace(of: row.edge) {
            let members = members(of: space)
            if isTold {
                for ability in abilities(coveredBy: row.ability) {
                    for (member, edges) in members { add(member, capability, ability, capability, edges) }
                }
            }
            holders += members
        }
        findUsesElsewhere(of: capability, holders)
    }

    /// What members of a space may as such, there and in the spaces that admit them.
    private mutating func findUsesElsewhere(of capability: UInt32, _ holders: [Holder]) {
        let resource = graph.resources.row(graph.capabilities[capability].resource)
        guard resource.space != 0, resource.path == nil,
            let space = try? graph.families.space(graph.terms.text(graph.spaces.row(resource.space - 1).text)),
            space.rules.contains(.admitsOthers)
        else { return }
        for outer in unit == space ? [space] : [space] + spacesAdmitting(space) {
            guard unit == nil || unit == outer, let number = before.space(outer) else { continue }
            for edge in edgesForMembers(in: number) {
                for given in before.capabilities(of: edge) where visibility?.shows(capability: given) ?? true {
                    for ability in abilities(coveredBy: graph.capabilities[given].ability) {
                        for (holder, edges) in holders { add(holder, given, ability, capability, edges + [edge]) }
                    }
                }
            }
        }
    }

    private mutating func spacesAdmitting(_ space: Space) -> [Space] {
        if let known = admitting[space] { return known }
        let found = before.spacesAdmitting(space)
        _ = budget.spend(found.count)
        admitting[space] = found
        return found
    }

    /// The live edges of a space whose audience is the members of a space.
    private mutating func edgesForMembers(in space: UInt32) -> [UInt32] {
        var found: [UInt32] = []
        var cursor = graph.lists.cursor(EdgeLists.Key(.space, space))
        while let edge = cursor.next(), budget.spend() {
            guard before.isVisible(edge), !before.isEnded(edge),
                graph.families.isSpace(graph.terms.bytes(graph.audience(edge)))
            else { continue }
            found.append(edge)
        }
        return found
    }

    /// Whoever holds anything on the whole of a space, or of one whose members count there, with the edges it is known by.
    private mutating func members(of space: UInt32) -> [Holder] {
        if let known = membersOf[space] { return known }
        let found = findMembers(of: space)
        membersOf[space] = found
        return found
    }

    private mutating func findMembers(of space: UInt32) -> [Holder] {
        var found: [Holder] = []
        var seen: Set<UInt32> = []
        var (level, spaces): ([(space: UInt32, edges: [UInt32])], Set<UInt32>) = ([(space, [])], [space])
        while !level.isEmpty {
            var next: [(space: UInt32, edges: [UInt32])] = []
            for (space, above) in level {
                let owner = graph.spaces.row(space).owner
                if owner != 0, seen.insert(owner).inserted { found.append((owner, above)) }
                var cursor = graph.lists.cursor(EdgeLists.Key(.space, space))
                while let edge = cursor.next(), budget.spend() {
                    guard before.isVisible(edge), !before.isEnded(edge) else { continue }
                    let audience = graph.audience(edge)
                    if graph.families.isSpace(graph.terms.bytes(audience)),
                        let inner = before.memberSpace(of: edge), spaces.insert(inner).inserted
                    {
                        next.append((inner, above + [edge]))
                    }
                    if seen.insert(audience).inserted {
                        guard principals.spend() else { return found }
                        found.append((audience, above + [edge]))
                    }
                }
            }
            level = next
        }
        return found
    }

    private func abilities(coveredBy ability: UInt32) -> [UInt32] {
        let others = graph.registry.others(coveredBy: graph.terms.registryIndex[ability])
        return [ability] + others.compactMap { graph.terms.find(.ability, $0.text) }
    }

    /// Adds a use through spaces, where it was allowed and nothing wider of the same comes first.
    private mutating func add(
        _ principal: UInt32, _ capability: UInt32, _ ability: UInt32, _ cause: UInt32, _ edges: [UInt32]
    ) {
        guard budget.spend() else { return }
        let row = graph.capabilities[capability]
        let key = UseKey(principal: principal, resource: UInt64(row.resource.base) << 32 | UInt64(row.resource.path))
        var (all, allowed) = asked[key] ?? ([], [])
        guard all.insert(ability).inserted, !allowed.contains(where: { registryCovers($0, ability) }) else { return }
        defer { asked[key] = (all, allowed) }
        guard case .path(let path) = way(to: use(principal, row, ability), in: before), !path.isEmpty else { return }
        allowed.append(ability)
        append(Use(principal: principal, capability: capability, ability: ability, cause: cause, edges: edges))
    }

    private func registryCovers(_ held: UInt32, _ required: UInt32) -> Bool {
        before.coversAbility(held: held, required: required, requiredNumber: graph.terms.registryIndex[required])
    }

    private mutating func append(_ use: Use) {
        guard budget.left > 0 else { return }
        var use = use
        let row = graph.capabilities[use.capability]
        use.way = way(to: self.use(use.principal, row, use.ability), in: after)
        if !use.way.isKept, let path = contained(use, row) { use.way = .path(path) }
        uses.append(use)
    }

    private func use(_ principal: UInt32, _ row: CapabilityRow, _ ability: UInt32) -> CheckQuestion {
        var context: CheckContext?
        if row.caveats != 0 {
            context = CheckContext()
            context?.caveats = before.caveats(of: row)
        }
        return CheckQuestion(
            principal: DID(trusted: graph.terms.text(principal)),
            ability: Ability(trusted: graph.terms.text(ability)), resource: before.resource(row.resource),
            context: context)
    }

    /// The way by which a use is allowed.
    private mutating func way(to question: CheckQuestion, in snapshot: Snapshot) -> Way {
        switch snapshot.verdict(of: question, at: at, &budget) {
        case .owner: return .path([])
        case .allowed(let capability): return .path([capability])
        case .allowedThroughSpaces(let path): return .path(path)
        case .denied: return .none
        case .undetermined:
            isUnsure = true
            return .undetermined
        }
    }

    /// A live capability of the same principal that gives as much under caveats that are no narrower, where what a use would
    /// have to say beside is not known.
    private mutating func contained(_ use: Use, _ row: CapabilityRow) -> [UInt32]? {
        guard row.caveats != 0, let caveats = before.caveats(of: row) else { return nil }
        let question = after.resolve(self.use(use.principal, row, use.ability))
        guard question.isKnown else { return nil }
        let (after, at) = (after, at)
        var left = budget
        let search = CandidateSearch(snapshot: after, question: question, ignoresCaveats: true)
        let end = search.forEach { number in
            guard left.spend(after.weight(of: number)) else { return true }
            guard let held = after.caveats(of: after.graph.capabilities[number]) else { return false }
            return held.failure(containing: caveats, for: .delegation, after.graph.families) == nil
                && after.route(from: number, at: at, &left) == .live
        }
        budget = left
        if left.left > 0, case .stopped(let number) = end { return [number] }
        return nil
    }
}
