import Multiformats
import Synchronization
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
        var search = PathSearch(snapshot: self, giver: giver, at: at.microseconds, all: all)
        if let space {
            guard let number = self.space(space) else { return nothing }
            search.space = number + 1
        }
        return search.run(from: holder)
    }
}

/// One search upwards from what a principal holds, breadth first.
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
    private var visited = 0
    private var seen: Set<UInt32> = []
    private var capped: Capped?

    private static let maxVisited = 65_536

    init(snapshot: Snapshot, giver: UInt32, at: Int64, all: Bool) {
        self.snapshot = snapshot
        self.giver = giver
        self.at = at
        self.all = all
    }

    private var graph: Graph { snapshot.graph }

    mutating func run(from holder: UInt32) -> Paths {
        var level = held(by: holder)
        var found: [[UInt32]] = []
        while !level.isEmpty, capped == nil {
            var here: [[UInt32]] = []
            var next: [Node] = []
            for node in level {
                let edge = graph.capabilities[node.capability].edge
                if graph.issuer(edge) == giver {
                    if !here.contains(node.edges) { here.append(node.edges) }
                    // Whatever stands above is how the giver came to it.
                    continue
                }
                for support in snapshot.supports(of: node.capability) where take(support) {
                    next.append(
                        Node(capability: support, edges: node.edges + [graph.capabilities[support].edge]))
                }
            }
            found += here.sorted { isBefore($0, $1) }.filter { !found.contains($0) }
            if !all, !found.isEmpty { break }
            if found.count > Snapshot.maxPaths { break }
            level = next
        }
        let shown = found.prefix(all ? Snapshot.maxPaths : 1)
        return Paths(
            paths: shown.map { $0.reversed().map(Snapshot.EdgeID.init(raw:)) },
            isComplete: capped == nil && (all ? found.count <= Snapshot.maxPaths : true), capped: capped)
    }

    private mutating func held(by holder: UInt32) -> [Node] {
        var found: [Node] = []
        var next = graph.terms.heads.base[Int(holder)].received.load(ordering: .acquiring)
        while next != 0 {
            let edge = next - 1
            next = graph.info[edge].olderOfAudience
            guard snapshot.isVisible(edge) else { continue }
            for number in snapshot.capabilities(of: edge) {
                if let space, graph.resources.row(graph.capabilities[number].resource).space != space { continue }
                if take(number) { found.append(Node(capability: number, edges: [edge])) }
            }
        }
        return found
    }

    /// True for a live capability that is to be followed; of one path alone no capability is followed twice.
    private mutating func take(_ number: UInt32) -> Bool {
        guard visited < Self.maxVisited else {
            capped = Capped(by: .nodes, limit: Self.maxVisited, visited: visited)
            return false
        }
        visited += 1
        if !all, !seen.insert(number).inserted { return false }
        var budget = graph.limits.maxCheckNodes
        return snapshot.searchRoute(from: number, at: at, budget: &budget) == .live
    }

    private func isBefore(_ left: [UInt32], _ right: [UInt32]) -> Bool {
        for (one, other) in zip(left, right) where one != other { return graph.ids[one] < graph.ids[other] }
        return left.count < right.count
    }
}
