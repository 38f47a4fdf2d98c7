import Multiformats
public import UCAN

/// The ways authority came from one principal to another.
public struct Paths: Sendable {
    /// Each from the edge that the first issued to the edge that the last received; shortest first.
    public let paths: [[Snapshot.EdgeID]]
    /// False where there are more, or more may be.
    public let isComplete: Bool
    public let capped: Capped?
}

extension Snapshot {
    static let maxPaths = 32

    /// The ways authority came from `giver` to `holder`: edges of which each rests on the one before and all are live,
    /// in one space where one is named. The first of them, of several as short the one with the smallest ids, or `all` of
    /// them up to 32.
    public func paths(
        from giver: DID, to holder: DID, in space: Space? = nil, all: Bool = false, at: Timestamp
    ) -> Paths {
        let nothing = Paths(paths: [], isComplete: true, capped: nil)
        guard let giver = principal(giver), let holder = principal(holder) else { return nothing }
        let received: ReceivedEdges
        var asked: UInt32?
        if let space {
            guard let number = self.space(space) else { return nothing }
            // What was received elsewhere is not looked at, so that the time tells nothing of it.
            received = ReceivedEdges(of: holder, in: number, graph: graph)
            asked = number + 1
        } else {
            received = ReceivedEdges(of: holder, graph: graph)
        }
        var search = PathSearch(snapshot: self, giver: giver, at: at.microseconds, all: all)
        search.space = asked
        return search.run(received)
    }
}

/// One search upwards from what a principal holds, breadth first, that looks at no more than its budget.
private struct PathSearch {
    private struct Node {
        let capability: UInt32
        /// The edges so far, the holder's own first.
        let edges: [UInt32]
    }

    let snapshot: Snapshot
    let giver: UInt32
    let at: Int64
    let all: Bool
    var space: UInt32?
    private let limit: Int
    private var budget: QuestionBudget
    private var seen: Set<UInt32> = []
    private var isCut = false

    init(snapshot: Snapshot, giver: UInt32, at: Int64, all: Bool) {
        self.snapshot = snapshot
        self.giver = giver
        self.at = at
        self.all = all
        limit = 16 * snapshot.graph.limits.maxCheckNodes
        budget = QuestionBudget(limit)
    }

    private var graph: Graph { snapshot.graph }

    mutating func run(_ received: ReceivedEdges) -> Paths {
        var level = first(received)
        var found: [[UInt32]] = []
        var known: Set<[UInt32]> = []
        while !level.isEmpty, found.count <= Snapshot.maxPaths {
            // Of the ways to one capability the one with the smallest ids goes on, whatever the order they came in.
            level.sort { isBefore($0.edges, $1.edges) }
            var next: [Node] = []
            for node in level where all || seen.insert(node.capability).inserted {
                if graph.issuer(graph.capabilities[node.capability].edge) == giver {
                    // Whatever stands above is how the giver came to it.
                    if found.count <= Snapshot.maxPaths, known.insert(node.edges).inserted { found.append(node.edges) }
                    continue
                }
                for support in snapshot.supports(of: node.capability) where isLive(support) {
                    next.append(Node(capability: support, edges: node.edges + [graph.capabilities[support].edge]))
                }
            }
            if !all, !found.isEmpty { break }
            level = next
        }
        let shown = found.prefix(all ? Snapshot.maxPaths : 1)
        return Paths(
            paths: shown.map { $0.reversed().map(Snapshot.EdgeID.init(raw:)) },
            isComplete: !isCut && (!all || found.count <= Snapshot.maxPaths),
            capped: isCut ? Capped(by: .nodes, limit: limit, visited: limit) : nil)
    }

    private mutating func first(_ received: ReceivedEdges) -> [Node] {
        var (received, found) = (received, [Node]())
        while let edge = received.next(), spend() {
            guard snapshot.isVisible(edge) else { continue }
            for number in snapshot.capabilities(of: edge) {
                if let space, graph.resources.row(graph.capabilities[number].resource).space != space { continue }
                if isLive(number) { found.append(Node(capability: number, edges: [edge])) }
            }
        }
        return found
    }

    private mutating func spend(_ count: Int = 1) -> Bool {
        if !budget.spend(count) { isCut = true }
        return !isCut
    }

    /// True for a live capability; once the budget is spent, for none.
    private mutating func isLive(_ number: UInt32) -> Bool {
        guard spend() else { return false }
        let bound = min(graph.limits.maxCheckNodes, budget.left)
        var left = bound
        let isLive = snapshot.searchRoute(from: number, at: at, budget: &left) == .live
        return spend(bound - left) && isLive
    }

    private func isBefore(_ left: [UInt32], _ right: [UInt32]) -> Bool {
        for (one, other) in zip(left, right) where one != other { return graph.ids[one] < graph.ids[other] }
        return left.count < right.count
    }
}
