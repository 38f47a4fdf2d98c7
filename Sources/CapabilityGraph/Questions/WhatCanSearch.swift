import Multiformats
import Synchronization
import UCAN

/// One page of what a principal may do.
///
/// Whatever the principal holds, a page looks at no more than its budget: where that does not last for one row more, the
/// page ends there with a cursor.
struct WhatCanSearch {
    let snapshot: Snapshot
    /// The graph as it is now, where a cursor names an earlier revision.
    let current: Snapshot
    let question: WhatCanQuestion
    let at: Timestamp
    let limit: Int
    let maxBytes: Int
    var rows: [WhatCanRow] = []
    /// Where the next page begins.
    var stoppedAt: (stage: UInt8, position: UInt32)?
    var capped: Capped?
    private var bytes = 0
    private let maxVisits: Int
    private var budget: QuestionBudget

    /// How many capabilities of a principal are looked at for one that is wider than a row.
    private static let maxWider = 256
    private static let maxDepth = 9

    init(
        snapshot: Snapshot, current: Snapshot, question: WhatCanQuestion, at: Timestamp, limit: Int, maxBytes: Int
    ) {
        self.snapshot = snapshot
        self.current = current
        self.question = question
        self.at = at
        self.limit = limit
        self.maxBytes = maxBytes
        // A page has room for a row, however low the bound of a check is set.
        let nodes = snapshot.graph.limits.maxCheckNodes
        maxVisits = max(16 * nodes, 3 * nodes + Self.maxWider)
        budget = QuestionBudget(maxVisits)
    }

    var visited: Int { maxVisits - budget.left }

    private var graph: Graph { snapshot.graph }
    /// What one row may cost at most: its route, and those of what may be wider.
    private var rowCost: Int { 2 * graph.limits.maxCheckNodes + Self.maxWider }

    mutating func run(from start: (stage: UInt8, position: UInt32)?) {
        let (stage, position) = start ?? (0, 0)
        let own = snapshot.principal(question.principal)
        if stage == 0, let own { ownSpaces(own, from: Int(position)) }
        if stoppedAt == nil, stage <= 1, let own { held(by: own, from: stage == 1 ? position : nil, isPublic: false) }
        if stoppedAt == nil, stage <= 2 { throughSpaces(from: stage == 2 ? Int(position) : 0) }
        if stoppedAt == nil, stage <= 3, question.withPublic, question.space != nil,
            let anyone = snapshot.principal(.anyone), anyone != own
        {
            held(by: anyone, from: stage == 3 ? position : nil, isPublic: true)
        }
    }

    private var isFull: Bool { rows.count >= limit || bytes >= maxBytes || budget.left < rowCost }

    private mutating func append(_ row: WhatCanRow) {
        rows.append(row)
        // A row says the resource, the caveats and the first capability of the route, and each edge of the route.
        let capability = row.ability.map {
            Capability(resource: row.resource, ability: $0, caveats: row.caveats).byteCount
        }
        bytes += 512 + 2 * (capability ?? 0) + 160 * row.route.count
    }

    private func keeps(_ ability: Ability?, _ resource: Resource) -> Bool {
        if let space = question.space, resource.space != space { return false }
        guard let wanted = question.ability, let ability else { return true }
        return graph.registry.covers(held: ability, required: wanted)
    }

    /// The number of the space that is asked about; nil where all are, or where it is not known.
    private var onlySpace: UInt32? { question.space.flatMap { snapshot.space($0) } }

    // MARK: what is its own

    private mutating func ownSpaces(_ principal: UInt32, from start: Int) {
        var owned: [UInt32] = []
        if question.space == nil {
            owned = graph.questions.spaces(of: principal, in: graph).filter { snapshot.isVisible($0.edge) }.map(\.space)
        } else if let only = onlySpace, graph.spaces.row(only).owner == principal {
            owned = [only]
        }
        for place in owned.indices.dropFirst(start) {
            guard !isFull else { return stoppedAt = (0, UInt32(place)) }
            _ = budget.spend()
            guard snapshot.deletion(of: owned[place]) == nil, let space = named(owned[place]) else { continue }
            let resource = Resource(space: space)
            guard keeps(nil, resource) else { continue }
            append(
                WhatCanRow(
                    ability: nil, resource: resource, caveats: .none, by: .owner, isPublic: false, route: [],
                    until: nil, unmet: nil, coveredBy: nil))
        }
    }

    private func named(_ space: UInt32) -> Space? {
        try? graph.families.space(graph.terms.text(graph.spaces.row(space).text))
    }

    // MARK: what it holds

    /// The live capabilities of a principal, newest edge first; `start` is the capability the page begins with.
    private mutating func held(by principal: UInt32, from start: UInt32?, isPublic: Bool) {
        var first: UInt32?
        if let start, start < capabilityEnd, graph.audience(graph.capabilities[start].edge) == principal {
            first = graph.capabilities[start].edge
        }
        let published = graph.visibleEdgeCount
        var edges = received(by: principal, from: first)
        while let edge = edges.next() {
            // Lists name an edge before it is published, and its capabilities are there no earlier.
            guard edge < published else { continue }
            let numbers = snapshot.capabilities(of: edge)
            guard let begin = numbers.first else { continue }
            guard !isFull else { return stoppedAt = (isPublic ? 3 : 1, edge == first ? max(start ?? 0, begin) : begin) }
            _ = budget.spend()
            guard snapshot.isVisible(edge) else { continue }
            for number in numbers {
                if edge == first, let start, number < start { continue }
                guard !isFull else { return stoppedAt = (isPublic ? 3 : 1, number) }
                _ = budget.spend()
                if let row = row(of: number, isPublic: isPublic) { append(row) }
            }
        }
    }

    /// What a principal received, newest first, that touches the asked space where one is asked about: what it received
    /// elsewhere is not looked at, so that the time tells nothing of it.
    private func received(by principal: UInt32, from first: UInt32? = nil) -> ReceivedEdges {
        guard question.space == nil else {
            return ReceivedEdges(of: principal, in: onlySpace, below: first.map { $0 + 1 } ?? .max, graph: graph)
        }
        return ReceivedEdges(of: principal, from: first, graph: graph)
    }

    /// The number after the last capability of a published edge.
    private var capabilityEnd: UInt32 {
        let count = graph.visibleEdgeCount
        return count == 0 ? 0 : graph.capabilities(of: UInt32(count - 1)).upperBound
    }

    private mutating func row(of number: UInt32, isPublic: Bool) -> WhatCanRow? {
        // What everybody could once do is for who reads the unit: a cursor, which anybody can write, does not show it.
        guard !isPublic || !current.isEnded(graph.capabilities[number].edge) else { return nil }
        var bound = graph.limits.maxCheckNodes
        defer { _ = budget.spend(graph.limits.maxCheckNodes - bound) }
        switch snapshot.searchRoute(from: number, at: at.microseconds, budget: &bound) {
        case .live: break
        case .dead: return nil
        case .budgetExhausted:
            capped = Capped(by: .nodes, limit: graph.limits.maxCheckNodes, visited: graph.limits.maxCheckNodes)
            return nil
        }
        let capability = snapshot.capability(number)
        guard keeps(capability.ability, capability.resource) else { return nil }
        // A use that says it is bound by the caveats of what it rests on; what not even that meets is of no use.
        let use = CheckQuestion(
            principal: question.principal, ability: capability.ability, resource: capability.resource,
            context: capability.caveats.isEmpty ? nil : CheckContext(caveats: capability.caveats))
        let failure = snapshot.caveatFailure(
            graph.capabilities[number],
            CaveatUse(ability: use.ability, resource: use.resource, context: use.context))
        guard failure == nil || failure?.missing != nil else { return nil }
        _ = budget.spend(QuestionBudget.gateCost / 4)
        let wider = covering(number, capability)
        guard wider == nil || !question.isMaximal else { return nil }
        var unmet: Denial? = nil
        if case .deny(let denial)? = snapshot.unmetCondition(of: use, at: at) { unmet = denial }
        if let failure {
            unmet = Denial(cause: failure.cause, edge: Snapshot.EdgeID(raw: graph.capabilities[number].edge))
        }
        return row(
            capability, path: [number], by: .delegation, isPublic: isPublic, unmet: unmet, coveredBy: wider)
    }

    private func row(
        _ capability: Capability, path: [UInt32], by: WhoCanRow.By, isPublic: Bool, unmet: Denial?,
        coveredBy: Snapshot.EdgeID? = nil
    ) -> WhatCanRow {
        let route = path.flatMap { snapshot.liveRoute(from: $0, at: at.microseconds) }
        let end = route.map { graph.window($0.edge.raw).expires }.min() ?? .max
        return WhatCanRow(
            ability: capability.ability, resource: capability.resource, caveats: capability.caveats, by: by,
            isPublic: isPublic, route: route, until: end == .max ? nil : Timestamp(microseconds: end), unmet: unmet,
            coveredBy: coveredBy)
    }

    /// The edge of a live capability without caveats that gives all that this one does: a wider one, or a newer twin.
    private mutating func covering(_ number: UInt32, _ capability: Capability) -> Snapshot.EdgeID? {
        let audience = graph.audience(graph.capabilities[number].edge)
        let asked = snapshot.resolve(
            CheckQuestion(
                principal: DID(trusted: graph.terms.text(audience)), ability: capability.ability,
                resource: capability.resource))
        var found: Snapshot.EdgeID?
        var looked = 0
        var bound = graph.limits.maxCheckNodes
        _ = CandidateSearch(snapshot: snapshot, question: asked, ignoresCaveats: true).forEach { other in
            looked += 1
            let isEnough = looked > Self.maxWider || bound == 0
            let row = graph.capabilities[other]
            guard !isEnough, other != number, row.caveats == 0, snapshot.isVisible(row.edge) else { return isEnough }
            let candidate = snapshot.capability(other)
            let isTwin =
                capability.caveats.isEmpty && capability.resource.contains(candidate.resource)
                && graph.registry.covers(held: capability.ability, required: candidate.ability)
            guard !isTwin || other > number else { return false }
            if snapshot.searchRoute(from: other, at: at.microseconds, budget: &bound) == .live {
                found = Snapshot.EdgeID(raw: row.edge)
            }
            return found != nil
        }
        _ = budget.spend(looked + graph.limits.maxCheckNodes - bound)
        return found
    }

    // MARK: what comes through spaces

    /// What spaces give that the principal belongs to: their edges as members of others, and as members as such.
    ///
    /// Of one space, that is what it gives to its members and to spaces that are members of it.
    private mutating func throughSpaces(from start: Int) {
        var place = 0
        var looks = QuestionBudget(16 * graph.limits.maxCheckNodes)
        var reached: Set<UInt32> = []
        var level = question.space == nil ? spacesOfItself(&looks) : spacesOfAskedOne(&looks)
        if looks.left == 0 { cap(at: 0) }
        for _ in 0...Self.maxDepth where !level.isEmpty {
            var next: [UInt32] = []
            for space in level where reached.insert(space).inserted {
                guard
                    let members = graph.terms.find(.principal, graph.terms.bytes(graph.spaces.row(space).text))
                else { continue }
                var edges = received(by: members)
                while let edge = edges.next() {
                    guard looks.spend() else { return cap(at: place) }
                    guard snapshot.isVisible(edge), !snapshot.isEnded(edge) else { continue }
                    for number in snapshot.capabilities(of: edge) {
                        defer { place += 1 }
                        let outer = graph.resources.row(graph.capabilities[number].resource).space
                        if outer != 0, question.space == nil { next.append(outer - 1) }
                        guard place >= start else { continue }
                        guard !isFull else { return stoppedAt = (2, UInt32(place)) }
                        through(number)
                    }
                }
            }
            level = next
        }
    }

    private mutating func cap(at place: Int) {
        capped = Capped(by: .edges, limit: 16 * graph.limits.maxCheckNodes, visited: place)
    }

    /// The spaces that admit others and in which the principal holds anything on the whole, or which are its own.
    private func spacesOfItself(_ looks: inout QuestionBudget) -> [UInt32] {
        guard let own = snapshot.principal(question.principal) else { return [] }
        var found = graph.questions.spaces(of: own, in: graph).filter { snapshot.isVisible($0.edge) }.map(\.space)
        var edges = ReceivedEdges(of: own, graph: graph)
        while let edge = edges.next(), looks.spend() {
            guard snapshot.isVisible(edge), !snapshot.isEnded(edge) else { continue }
            for number in snapshot.capabilities(of: edge) {
                let resource = graph.resources.row(graph.capabilities[number].resource)
                if resource.space != 0, resource.path == nil { found.append(resource.space - 1) }
            }
        }
        return found
    }

    /// The asked space itself, and those that are members of it.
    private func spacesOfAskedOne(_ looks: inout QuestionBudget) -> [UInt32] {
        guard let only = onlySpace else { return [] }
        var found = [only]
        var cursor = graph.lists.cursor(EdgeLists.Key(.memberSpaces, only))
        while let edge = cursor.next(), looks.spend() {
            guard snapshot.isVisible(edge), !snapshot.isEnded(edge), let member = snapshot.memberSpace(of: edge) else {
                continue
            }
            found.append(member)
        }
        return found
    }

    /// Adds the widest abilities that the gate lets the principal have by one of those capabilities: no more than either
    /// gives.
    private mutating func through(_ number: UInt32) {
        let capability = snapshot.capability(number)
        _ = budget.spend()
        guard capability.caveats.isEmpty else { return }
        var given: [Ability] = []
        let registry = graph.registry
        let others = registry.others(coveredBy: registry.number(capability.ability.text))
        for ability in [capability.ability] + others {
            guard !given.contains(where: { registry.covers(held: $0, required: ability) }),
                keeps(ability, capability.resource)
            else { continue }
            _ = budget.spend(QuestionBudget.gateCost)
            let asked = CheckQuestion(
                principal: question.principal, ability: ability, resource: capability.resource)
            guard case .allowedThroughSpaces(let path) = snapshot.verdict(snapshot.resolve(asked), at: at),
                path.last == number
            else { continue }
            given.append(ability)
            var unmet: Denial? = nil
            if case .deny(let denial)? = snapshot.unmetCondition(of: asked, at: at) { unmet = denial }
            append(
                row(
                    Capability(resource: capability.resource, ability: ability), path: path, by: .spaces,
                    isPublic: false, unmet: unmet))
        }
    }
}

/// The edges that a principal received, newest first: all, or those in one space. What is not published yet may be among
/// them.
struct ReceivedEdges {
    private let graph: Graph
    private let principal: UInt32
    /// The next edge of all that it received, plus one.
    private var following: UInt32 = 0
    private var inSpace: EdgeLists.Cursor

    /// `first` is the edge to begin with, one that the principal received.
    init(of principal: UInt32, from first: UInt32? = nil, graph: Graph) {
        self.graph = graph
        self.principal = principal
        inSpace = graph.lists.cursor(nil)
        following = first.map { $0 + 1 } ?? newest
    }

    /// Those in a space; none where no edge names it.
    init(of principal: UInt32, in space: UInt32?, below bound: UInt32 = .max, graph: Graph) {
        self.graph = graph
        self.principal = principal
        inSpace = graph.lists.cursor(space.map { EdgeLists.Key(.audienceInSpace, principal, $0) }, below: bound)
    }

    private var newest: UInt32 { graph.terms.heads.base[Int(principal)].received.load(ordering: .acquiring) }

    mutating func next() -> UInt32? {
        while following != 0 {
            let edge = following - 1
            let older = graph.info[edge].olderOfAudience
            // A row that was taken back with its batch may have been given to another principal. Such rows stand
            // before all that a reader can see, so the walk may begin again without giving anything twice.
            guard graph.audience(edge) == principal else {
                following = newest
                continue
            }
            following = older
            return edge
        }
        while let edge = inSpace.next() {
            if graph.audience(edge) == principal { return edge }
        }
        return nil
    }
}
