public import UCAN

/// Says that an answer leaves out what lies beyond a bound: which bound, how much it allows, and how much was looked at.
public struct Capped: Sendable, Hashable {
    public enum Bound: String, Sendable {
        /// Edges of one principal in one unit.
        case edges
        /// Capabilities.
        case nodes
        /// Principals asked about.
        case principals
    }

    public let by: Bound
    public let limit: Int
    public let visited: Int
}

/// Says who is shown the answer to a question, and so what of it (design law 9).
///
/// A unit is a space or, for resources outside spaces, what one DID controls.
public enum QuestionViewer: Sendable {
    /// The operator of a file; who may read the unit and asks about it.
    case reader
    /// A principal that asks about itself: what it issued or received, and what stands above that. `knowsUnit` is true
    /// where it may be told that the unit is there; where it may not, the answer is the one about a unit that is not.
    case party(DID, knowsUnit: Bool)

    /// True where more is shown than what concerns the asker itself.
    var isReader: Bool {
        if case .reader = self { true } else { false }
    }

    /// True where what is given to anyone, or to members as such, may be told.
    var knowsUnit: Bool {
        switch self {
        case .reader: true
        case .party(_, let knows): knows
        }
    }
}

/// How much of an answer the viewer may not see; never what.
public struct Hidden: Sendable, Hashable {
    public var edges = 0
    public var principals = 0

    public init(edges: Int = 0, principals: Int = 0) {
        self.edges = edges
        self.principals = principals
    }
}

/// Bounds the capabilities that one question looks at, whatever it looks at them for.
struct QuestionBudget {
    /// What one question to the gate counts for, where it is not counted what the gate looked at.
    static let gateCost = 256

    var left: Int

    init(_ limit: Int) { left = limit }

    /// Takes from what is left; false when nothing is left.
    mutating func spend(_ count: Int = 1) -> Bool {
        guard left >= count else {
            left = 0
            return false
        }
        left -= count
        return true
    }
}

extension Snapshot {
    /// Searches a live way from a capability, and takes what was looked at from the budget of a question.
    func route(from capability: UInt32, at: Timestamp, _ budget: inout QuestionBudget) -> RouteSearch {
        var bound = graph.limits.maxCheckNodes
        let found = searchRoute(from: capability, at: at.microseconds, budget: &bound)
        return budget.spend(1 + graph.limits.maxCheckNodes - bound) ? found : .budgetExhausted
    }

    /// Whether a capability of an edge is live; nil where a bound kept that from being found out.
    func isLive(_ edge: UInt32, at: Timestamp, _ budget: inout QuestionBudget) -> Bool? {
        guard isVisible(edge), !isEnded(edge) else { return false }
        var isSure = true
        for capability in capabilities(of: edge) {
            switch route(from: capability, at: at, &budget) {
            case .live: return true
            case .dead: break
            case .budgetExhausted: isSure = false
            }
        }
        return isSure ? false : nil
    }

    /// Asks the gate, and takes what it looked at from the budget of a question.
    func verdict(of question: CheckQuestion, at: Timestamp, _ budget: inout QuestionBudget) -> Verdict {
        var (left, bound) = (graph.limits.maxCheckNodes, graph.limits.maxCheckNodes)
        let found = verdict(resolve(question), at: at, &left, asMember: &bound)
        let visited = 2 * graph.limits.maxCheckNodes - left - bound
        return budget.spend(Self.resolutionCost + visited) ? found : .undetermined
    }

    /// What it counts for to find the names of a question, and the capabilities that could answer it.
    private static let resolutionCost = 16
}
