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
        /// Capabilities that lead there afterwards; nil where nothing does.
        var path: [UInt32]?
    }

    let before: Snapshot
    let after: Snapshot
    let at: Timestamp
    /// Newest edge first, then in signed order.
    private(set) var dead: [UInt32] = []
    private(set) var uses: [Use] = []
    private(set) var capped: Capped?
    private var isDead: Set<UInt32> = []
    /// The abilities by which each principal uses each resource through spaces, those asked and those that were allowed.
    private var asked: [UseKey: (all: Set<UInt32>, allowed: [UInt32])] = [:]
    private var budget = QuestionBudget(Self.maxVisits)
    private var principals = QuestionBudget(Self.maxPrincipals)

    /// How many capabilities are looked at, and how many members of spaces.
    static let maxVisits = 2_000_000
    static let maxPrincipals = 10_000

    private struct UseKey: Hashable {
        let principal: UInt32
        let resource: UInt64
    }

    private var graph: Graph { before.graph }

    init(before: Snapshot, after: Snapshot, at: Timestamp) {
        self.before = before
        self.after = after
        self.at = at
    }

    mutating func run() {
        findDead()
        let capabilities = graph.capabilities
        dead.sort { left, right in
            let edges = (capabilities[left].edge, capabilities[right].edge)
            return edges.0 == edges.1 ? left < right : edges.0 > edges.1
        }
        for capability in dead { findUses(of: capability) }
        if budget.left == 0 {
            capped = Capped(by: .nodes, limit: Self.maxVisits, visited: Self.maxVisits)
        } else if principals.left == 0 {
            capped = Capped(by: .principals, limit: Self.maxPrincipals, visited: Self.maxPrincipals)
        }
    }

    // MARK: what dies

    private mutating func findDead() {
        var level: [UInt32] = []
        for edge in after.overlay?.edges ?? [] {
            for capability in before.capabilities(of: edge) { level.append(capability) }
            level += governed(by: edge)
        }
        while !level.isEmpty {
            var next: [UInt32] = []
            for capability in level where !isDead.contains(capability) {
                guard budget.spend() else { return }
                guard isLive(capability, in: before), !isLive(capability, in: after) else { continue }
                isDead.insert(capability)
                next.append(capability)
            }
            dead += next
            level = graph.questions.children(of: next, in: graph)
        }
    }

    private func isLive(_ capability: UInt32, in snapshot: Snapshot) -> Bool {
        var bound = graph.limits.maxCheckNodes
        return snapshot.searchRoute(from: capability, at: at.microseconds, budget: &bound) == .live
    }

    /// What the list of a space gives by a policy, without resting on its edge.
    private func governed(by edge: UInt32) -> [UInt32] {
        guard graph.families.traits(code: graph.info[edge].kind).contains(.policy) else { return [] }
        var found: [UInt32] = []
        for capability in before.capabilities(of: edge) {
            let row = graph.capabilities[capability]
            let space = graph.resources.row(row.resource).space
            let policy = graph.terms.registryIndex[row.ability]
            guard space != 0, graph.registry.isPolicy(policy) else { continue }
            var cursor = graph.lists.cursor(EdgeLists.Key(.space, space - 1))
            while let other = cursor.next() {
                guard before.isVisible(other) else { continue }
                found += before.capabilities(of: other).filter { graph.capabilities[$0].policy == policy }
            }
        }
        return found
    }

    // MARK: for whom

    private mutating func findUses(of capability: UInt32) {
        let row = graph.capabilities[capability]
        let audience = graph.audience(row.edge)
        append(Use(principal: audience, capability: capability, ability: row.ability, cause: capability, edges: []))
        var holders: [(principal: UInt32, edges: [UInt32])] = [(audience, [])]
        if graph.families.isSpace(graph.terms.bytes(audience)), let space = before.memberSpace(of: row.edge) {
            let members = members(of: space)
            for (member, edges) in members {
                for ability in abilities(coveredBy: row.ability) {
                    add(member, capability, ability, capability, edges)
                }
            }
            holders += members
        }
        findUsesElsewhere(of: capability, holders)
    }

    /// What members of a space may as such, there and in the spaces that admit them.
    private mutating func findUsesElsewhere(
        of capability: UInt32, _ holders: [(principal: UInt32, edges: [UInt32])]
    ) {
        let resource = graph.resources.row(graph.capabilities[capability].resource)
        guard resource.space != 0, resource.path == nil,
            let space = try? graph.families.space(graph.terms.text(graph.spaces.row(resource.space - 1).text)),
            space.rules.contains(.admitsOthers)
        else { return }
        for outer in [space] + before.spacesAdmitting(space) {
            guard let number = before.space(outer) else { continue }
            for edge in edgesForMembers(in: number) {
                for given in before.capabilities(of: edge) {
                    for ability in abilities(coveredBy: graph.capabilities[given].ability) {
                        for (holder, edges) in holders { add(holder, given, ability, capability, edges + [edge]) }
                    }
                }
            }
        }
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
    private mutating func members(of space: UInt32) -> [(principal: UInt32, edges: [UInt32])] {
        var found: [(principal: UInt32, edges: [UInt32])] = []
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
        let registry = graph.registry
        let held = graph.terms.registryIndex[ability]
        guard held != 0 else { return [ability] }
        return [ability]
            + registry.entries.indices.filter {
                Int(held) != $0 + 1 && registry.covers(held: held, required: UInt8($0 + 1))
            }.compactMap { graph.terms.find(.ability, registry.entries[$0].ability) }
    }

    /// Adds a use through spaces, where it was allowed and nothing wider of the same comes first.
    private mutating func add(
        _ principal: UInt32, _ capability: UInt32, _ ability: UInt32, _ cause: UInt32, _ edges: [UInt32]
    ) {
        let row = graph.capabilities[capability]
        let key = UseKey(principal: principal, resource: UInt64(row.resource.base) << 32 | UInt64(row.resource.path))
        var (all, allowed) = asked[key] ?? ([], [])
        guard all.insert(ability).inserted,
            !allowed.contains(where: { registryCovers($0, ability) }), budget.spend(4)
        else { return }
        defer { asked[key] = (all, allowed) }
        guard let path = path(to: use(principal, row, ability), in: before), !path.isEmpty else { return }
        allowed.append(ability)
        append(Use(principal: principal, capability: capability, ability: ability, cause: cause, edges: edges))
    }

    private func registryCovers(_ held: UInt32, _ required: UInt32) -> Bool {
        before.coversAbility(held: held, required: required, requiredNumber: graph.terms.registryIndex[required])
    }

    private mutating func append(_ use: Use) {
        guard budget.spend() else { return }
        var use = use
        let row = graph.capabilities[use.capability]
        use.path = path(to: self.use(use.principal, row, use.ability), in: after) ?? contained(use, row)
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

    /// The capabilities by which a use is allowed; nil where it is not, empty where it needs none.
    private func path(to question: CheckQuestion, in snapshot: Snapshot) -> [UInt32]? {
        switch snapshot.verdict(snapshot.resolve(question), at: at) {
        case .owner: []
        case .allowed(let capability): [capability]
        case .allowedThroughSpaces(let path): path
        case .denied, .undetermined: nil
        }
    }

    /// A live capability of the same principal that gives as much under caveats that are no narrower, where what a use would
    /// have to say beside is not known.
    private func contained(_ use: Use, _ row: CapabilityRow) -> [UInt32]? {
        guard row.caveats != 0, let caveats = before.caveats(of: row) else { return nil }
        let question = after.resolve(self.use(use.principal, row, use.ability))
        guard question.isKnown else { return nil }
        let search = CandidateSearch(snapshot: after, question: question, ignoresCaveats: true)
        let end = search.forEach { number in
            guard let held = after.caveats(of: graph.capabilities[number]) else { return false }
            return held.failure(containing: caveats, for: .delegation, graph.families) == nil
                && isLive(number, in: after)
        }
        if case .stopped(let number) = end { return [number] }
        return nil
    }
}
