import Synchronization
public import UCAN

extension Snapshot {
    /// What came nearest to allowing a question, by what a viewer may see of it; empty where the principal has nothing in
    /// the unit. At most `limits.maxCheckNodes` capabilities and 1,024 edges are looked at.
    ///
    /// Each capability is a state, what it rests on are the ways out, and a root is the goal; supports never form a circle,
    /// so the cheapest way up is worked out once for each capability.
    public func misses(
        _ question: CheckQuestion, at: Timestamp, for viewer: QuestionViewer = .reader, limit: Int = Misses.usualLimit
    ) -> Misses {
        var search = MissSearch(snapshot: self, question: question, at: at.microseconds)
        return search.find(for: viewer, limit: limit)
    }
}

/// One search for the misses of a question.
struct MissSearch {
    /// A capability that is looked at for what it lacks.
    private struct Start {
        let capability: UInt32
        let defects: [Defect]
        let cost: Int
    }

    /// The cheapest way from a capability to a root.
    private struct Way {
        let cost: Int
        let length: Int
        let next: UInt32?
        let defect: Defect?
    }

    let snapshot: Snapshot
    let question: CheckQuestion
    let resolved: ResolvedQuestion
    let at: Int64
    /// What any right that is held would lack still.
    private var condition: Remedy?
    private var ways: [UInt32: Way] = [:]
    private var visited = 0
    private var capped: Capped?

    private static let maxEdges = 1024

    init(snapshot: Snapshot, question: CheckQuestion, at: Int64) {
        self.snapshot = snapshot
        self.question = question
        self.at = at
        resolved = snapshot.resolve(question)
    }

    private var graph: Graph { snapshot.graph }
    private var maxNodes: Int { graph.limits.maxCheckNodes }

    mutating func find(for viewer: QuestionViewer, limit: Int) -> Misses {
        let projection = Projection(snapshot, viewer)
        if viewer.knowsUnit { condition = snapshot.remedy(of: question, at: Timestamp(microseconds: at)) }
        var starts: [Start] = []
        var seen: Set<UInt32> = []
        for principal in principals(viewer) { gather(principal, into: &starts, &seen) }
        // What is shown is right among what was seen: the nearest starts are followed first.
        starts.sort { ($0.cost, $1.capability) < ($1.cost, $0.capability) }
        var best: [UInt32: (miss: Miss, capability: UInt32)] = [:]
        var hidden: Set<UInt32> = []
        for start in starts {
            guard let way = way(from: start.capability) else { break }
            // A capability that lacks nothing answers the question: it is no miss.
            guard start.cost + way.cost > 0 else { continue }
            let edge = graph.capabilities[start.capability].edge
            // What is not shown takes no place in the order.
            guard let miss = projection.told(miss(start, way), &hidden) else { continue }
            if let known = best[edge], (known.miss.cost, known.capability) <= (miss.cost, start.capability) { continue }
            best[edge] = (miss, start.capability)
        }
        let ordered = best.values.sorted { left, right in
            if left.miss.cost != right.miss.cost { return left.miss.cost < right.miss.cost }
            let (first, second) = (left.miss.edge.raw, right.miss.edge.raw)
            let (newer, older) = (graph.admittedAt(first), graph.admittedAt(second))
            return newer != older ? newer > older : graph.ids[first] < graph.ids[second]
        }
        // Who sees nothing of the unit is not told either how much is hidden there.
        let seesUnit =
            viewer.isReader || starts.contains { projection.isOwn(graph.capabilities[$0.capability].edge) }
        return Misses(
            shown: ordered.prefix(limit).map(\.miss), moreCount: max(0, ordered.count - limit), capped: capped,
            hidden: Hidden(edges: seesUnit ? hidden.count : 0), seesUnit: seesUnit)
    }

    // MARK: starts

    /// For whom edges may have been made that serve the principal: itself, everybody, and members as such.
    private func principals(_ viewer: QuestionViewer) -> [UInt32] {
        var found: [UInt32] = []
        if let own = snapshot.principal(question.principal) { found.append(own) }
        guard resolved.rules.contains(.admitsOthers), viewer.knowsUnit else { return found }
        if let anyone = snapshot.principal(.anyone), !found.contains(anyone) { found.append(anyone) }
        if let space = question.resource.space, let members = snapshot.principal(DID(space: space)),
            !found.contains(members)
        {
            found.append(members)
        }
        return found
    }

    /// First everything on the asked path, so that nothing there is cut, then what else is held in the unit.
    private mutating func gather(_ principal: UInt32, into starts: inout [Start], _ seen: inout Set<UInt32>) {
        var found: [UInt32] = []
        if resolved.hasKnownResource {
            let asked = resolved.asked(by: principal)
            let end = CandidateSearch(snapshot: snapshot, question: asked, ignoresCaveats: true).forEach { number in
                if snapshot.isVisible(graph.capabilities[number].edge) { found.append(number) }
                return found.count >= maxNodes
            }
            if case .finished = end {} else { cap(.nodes, maxNodes) }
        }
        // What others than the principal may elsewhere is not near to what it asked.
        if snapshot.principal(question.principal) == principal {
            for edge in edges(of: principal) { found += snapshot.capabilities(of: edge) }
        }
        for number in found where seen.insert(number).inserted {
            guard visited < maxNodes else {
                cap(.nodes, maxNodes)
                return
            }
            visited += snapshot.weight(of: number)
            if let start = start(number) { starts.append(start) }
        }
    }

    /// The visible edges of a principal in the unit, newest first.
    private mutating func edges(of principal: UInt32) -> [UInt32] {
        var found: [UInt32] = []
        var looked = 0
        func take(_ edge: UInt32) -> Bool {
            looked += 1
            if snapshot.isVisible(edge) { found.append(edge) }
            return looked < Self.maxEdges
        }
        var received = ReceivedEdges(of: principal, graph: graph)
        if question.resource.space != nil {
            guard resolved.space != 0 else { return [] }
            received = ReceivedEdges(of: principal, in: resolved.space - 1, graph: graph)
        }
        while let edge = received.next() {
            guard take(edge) else {
                if received.next() != nil { cap(.edges, Self.maxEdges) }
                break
            }
        }
        return found
    }

    /// What a capability of the unit lacks by itself; nil for one outside the unit.
    private func start(_ number: UInt32) -> Start? {
        let row = graph.capabilities[number]
        let resource = graph.resources.row(row.resource)
        let isCovered = graph.resources.contains(row.resource, resolved)
        guard isInUnit(resource, isCovered) else { return nil }
        let edge = Snapshot.EdgeID(raw: row.edge)
        var defects: [Defect] = []
        let hasAbility = snapshot.coversAbility(
            held: row.ability, required: resolved.ability, requiredNumber: resolved.abilityNumber)
        if isCovered, hasAbility, let failure = snapshot.caveatFailure(row, resolved.use) {
            defects.append(Defect(kind: .caveat(failure), edge: edge))
        }
        if !hasAbility {
            let held = Ability(trusted: graph.terms.text(row.ability))
            defects.append(Defect(kind: .ability(held: held), edge: edge))
        }
        if !isCovered {
            let held = snapshot.resource(row.resource)
            defects.append(Defect(kind: .path(held: held, drop: Self.drop(held, question.resource)), edge: edge))
        }
        if let condition { defects.append(Defect(kind: .condition(condition), edge: edge)) }
        return Start(capability: number, defects: defects, cost: defects.reduce(0) { $0 + $1.cost })
    }

    private func isInUnit(_ resource: ResourceRow, _ isCovered: Bool) -> Bool {
        if question.resource.space != nil { return resource.space == resolved.space && resolved.space != 0 }
        guard resource.space == 0, let owner = question.resource.rootAuthority else { return isCovered }
        return resource.authority != 0 && snapshot.principal(owner) == resource.authority
    }

    /// How many segments of the held path would have to go, 1 to 9; 9 where it is another place altogether.
    private static func drop(_ held: Resource, _ asked: Resource) -> Int {
        guard held.space != nil, held.service == asked.service, held.suffix == asked.suffix, let path = held.path else {
            return 9
        }
        let segments = path.split(separator: "/")
        let wanted = (asked.path ?? "").split(separator: "/")
        let common = zip(segments, wanted).prefix { $0.utf8.elementsEqual($1.utf8) }.count
        return min(9, max(1, segments.count - common))
    }

    // MARK: ways

    /// The cheapest way from a capability to a root, both counted; nil when the bound was hit first.
    private mutating func way(from start: UInt32) -> Way? {
        var stack = [start]
        while let current = stack.last {
            guard ways[current] == nil else {
                stack.removeLast()
                continue
            }
            let row = graph.capabilities[current]
            let supports = row.isRoot ? [] : snapshot.supports(of: current)
            let open = supports.filter { ways[$0] == nil }
            guard open.isEmpty else {
                guard stack.count + open.count <= maxNodes else { return cut() }
                stack += open
                continue
            }
            guard visited < 2 * maxNodes else { return cut() }
            visited += 1
            ways[current] = best(current, row, supports)
            stack.removeLast()
        }
        return ways[start]
    }

    private mutating func cut() -> Way? {
        cap(.nodes, maxNodes)
        return nil
    }

    private mutating func cap(_ bound: Capped.Bound, _ limit: Int) {
        if capped == nil { capped = Capped(by: bound, limit: limit, visited: visited) }
    }

    private func best(_ number: UInt32, _ row: CapabilityRow, _ supports: [UInt32]) -> Way {
        let own = snapshot.defect(of: row, at: at)
        let cost = own?.cost ?? 0
        if row.isRoot { return Way(cost: cost, length: 1, next: nil, defect: own) }
        // Ties: fewer edges to the root, then the smaller id, then the capability that was signed first.
        let next = supports.min { left, right in
            guard let first = ways[left], let second = ways[right] else { return left < right }
            if first.cost != second.cost { return first.cost < second.cost }
            if first.length != second.length { return first.length < second.length }
            let (one, other) = (graph.capabilities[left].edge, graph.capabilities[right].edge)
            return one != other ? graph.ids[one] < graph.ids[other] : left < right
        }
        guard let next, let above = ways[next] else {
            let lost = Defect(kind: .unsupported, edge: Snapshot.EdgeID(raw: row.edge))
            return Way(cost: lost.cost, length: 1, next: nil, defect: lost)
        }
        return Way(cost: cost + above.cost, length: above.length + 1, next: next, defect: own)
    }

    private func miss(_ start: Start, _ way: Way) -> Miss {
        var route: [Snapshot.EdgeID] = []
        var defects = start.defects
        var current: UInt32? = start.capability
        while let number = current, let step = ways[number] {
            route.append(Snapshot.EdgeID(raw: graph.capabilities[number].edge))
            if let defect = step.defect { defects.append(defect) }
            current = step.next
        }
        return Miss(
            edge: Snapshot.EdgeID(raw: graph.capabilities[start.capability].edge),
            capability: snapshot.capability(start.capability), cost: start.cost + way.cost, defects: defects,
            route: route)
    }
}

extension Snapshot {
    /// What is wrong with a capability's edge at an instant, whatever it rests on: of several things the dearest.
    func defect(of row: CapabilityRow, at: Int64) -> Defect? {
        if isEnded(row.edge) { return ended(row.edge) }
        if row.policy != 0, policyEdge(of: row) == nil {
            guard let policy = newestPolicyEdge(of: row) else {
                let ended = Defect.Ended(code: "policy", by: "unknown", at: nil)
                return Defect(kind: .ended(ended), edge: EdgeID(raw: row.edge))
            }
            return ended(policy)
        }
        let window = graph.window(row.edge)
        if window.expires <= at {
            return Defect(
                kind: .expired(at: Timestamp(microseconds: window.expires)), edge: EdgeID(raw: row.edge))
        }
        guard window.notBefore > at else { return nil }
        return Defect(kind: .pending(until: Timestamp(microseconds: window.notBefore)), edge: EdgeID(raw: row.edge))
    }

    private func ended(_ edge: UInt32) -> Defect {
        let view = EdgeView(self, edge)
        let ended = Defect.Ended(code: endCode(view), by: revoker(of: edge), at: view.ending?.at)
        return Defect(kind: .ended(ended), edge: EdgeID(raw: edge))
    }

    /// How the end of an edge is called: by what its kind is for.
    private func endCode(_ view: EdgeView) -> String {
        let kind = view.kind
        let space = capabilities(of: view.edge.raw).first.map {
            graph.resources.row(graph.capabilities[$0].resource).space
        }
        // Only by what ends with a space is it told that the space is gone. Nobody is taken off its list then, and a token
        // may have been ended before, within the same tick.
        if kind.isHostStatement, !kind.traits.contains(.membership), !kind.traits.contains(.bearerToken), let space,
            space != 0, let deleted = deletion(of: space - 1), view.ending?.at == deleted
        {
            return "spaceDeleted"
        }
        if kind.traits.contains(.membership) { return view.isReplaced ? "accessChanged" : "memberRemoved" }
        if kind.traits.contains(.policy) { return "policy" }
        if kind.traits.contains(.session) { return "sessionEnded" }
        if kind == .appAccess { return "appRemoved" }
        return "revoked"
    }

    /// How much it is to look at a capability: caveats are parsed to be judged.
    func weight(of capability: UInt32) -> Int {
        let row = graph.capabilities[capability]
        return row.caveats == 0 ? 1 : 1 + graph.terms.bytes(row.caveats).count / 256
    }

    /// What a use lacks beside the right to it; nil where nothing is wanting, or nobody knows.
    func remedy(of question: CheckQuestion, at: Timestamp) -> Remedy? {
        guard let family = graph.families.family(of: question.resource),
            case .deny(let denial)? = family.unmetCondition(of: question, in: self, at: at)
        else { return nil }
        if let remedy = family.remedy(of: question, refused: denial, in: self, at: at) { return remedy }
        guard case .unmet(let condition) = denial.cause else {
            return Remedy(denial.code, "the use lacks what is asked beside the right")
        }
        return Remedy(condition.code, condition.message)
    }

    /// When a space that was made here was deleted; nil while it stands.
    func deletion(of space: UInt32) -> Timestamp? {
        var cursor = graph.lists.cursor(EdgeLists.Key(.ownerships, space))
        while let edge = cursor.next() {
            if isVisible(edge) { return EdgeView(self, edge).ending?.at }
        }
        return nil
    }
}
