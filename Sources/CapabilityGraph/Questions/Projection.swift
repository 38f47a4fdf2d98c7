/// Says which edges a viewer is shown: those that are its own, those it stands below, and what lives for everybody or for
/// members as such where it may know of that (design law 9). What it is not shown is counted, or named by its class.
struct Projection {
    let snapshot: Snapshot
    let viewer: QuestionViewer
    /// The number of a party; nil for a reader, and for one that no edge names.
    private let party: UInt32?
    /// What the party stands below, as far as that was shown to it.
    private var chain: Set<UInt32> = []

    init(_ snapshot: Snapshot, _ viewer: QuestionViewer) {
        self.snapshot = snapshot
        self.viewer = viewer
        party = if case .party(let principal, _) = viewer { snapshot.principal(principal) } else { nil }
    }

    /// True for an edge that was made for the viewer itself.
    func isOwn(_ edge: UInt32) -> Bool { party.map { snapshot.graph.audience(edge) == $0 } ?? false }

    /// True for an edge that may be named.
    func shows(_ edge: UInt32) -> Bool {
        if viewer.isReader || chain.contains(edge) { return true }
        let audience = snapshot.graph.audience(edge)
        if let party, audience == party || snapshot.graph.issuer(edge) == party { return true }
        guard viewer.knowsUnit, !snapshot.isEnded(edge) else { return false }
        return audience == snapshot.principal(.anyone)
            || snapshot.graph.families.isSpace(snapshot.graph.terms.bytes(audience))
    }

    /// Adds the ways that lead to what the viewer received.
    mutating func add(_ misses: some Sequence<Miss>) {
        guard !viewer.isReader else { return }
        for miss in misses where isOwn(miss.edge.raw) { chain.formUnion(miss.route.map(\.raw)) }
    }

    /// A miss as the viewer is shown it; nil for one on an edge that it is not. `hidden` takes the edges left out.
    func told(_ miss: Miss, _ hidden: inout Set<UInt32>) -> Miss? {
        guard !viewer.isReader else { return miss }
        guard shows(miss.edge.raw) else {
            hidden.insert(miss.edge.raw)
            return nil
        }
        var route = miss.route
        var defects = miss.defects
        if isOwn(miss.edge.raw) {
            // Who is no longer let in does not learn what became of the space afterwards.
            if !viewer.knowsUnit, snapshot.isEnded(miss.edge.raw) {
                route = [miss.edge]
                defects.removeAll { $0.edge != miss.edge }
            }
        } else {
            route.removeAll { !shows($0.raw) }
        }
        let named = Set(route.map(\.raw))
        hidden.formUnion(miss.route.lazy.map(\.raw).filter { !named.contains($0) && viewer.knowsUnit })
        defects = defects.map { defect in
            guard let edge = defect.edge, !named.contains(edge.raw), !shows(edge.raw) else { return defect }
            hidden.insert(edge.raw)
            return Defect(
                kind: .unseen(name: defect.name, code: defect.code(in: snapshot), cost: defect.cost), edge: nil)
        }
        return Miss(
            edge: miss.edge, capability: miss.capability, cost: defects.reduce(0) { $0 + $1.cost }, defects: defects,
            route: route)
    }
}

extension Snapshot {
    /// An explanation as a viewer is told it: without what has ended and was for others than itself.
    public func told(_ explanation: Explanation, to viewer: QuestionViewer) -> Explanation {
        let projection = Projection(self, viewer)
        var told = explanation
        told.candidates.removeAll { !projection.shows($0.edge.raw) }
        return told
    }
}
