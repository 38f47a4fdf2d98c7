public import UCAN

/// Shows the whole walk behind a decision: every capability that covers the question and what each rests on.
public struct Explanation: Sendable {
    public let decision: Decision
    /// One tree for each capability of the principal that covers ability and resource.
    public var candidates: [RouteNode]
    /// False when the walk was larger than what is shown.
    public let isComplete: Bool
}

/// One capability in a walk, with the capabilities of its proofs that it rests on.
public struct RouteNode: Sendable {
    public let edge: Snapshot.EdgeID
    public let capability: Capability
    public let state: State
    /// True when the issuer controls the resource, so that nothing further is needed.
    public let isRoot: Bool
    /// True when a path of live edges leads from here to a root.
    public let isLive: Bool
    /// Why the caveats are not met; only for candidates.
    public let caveatFailure: String?
    /// True when the same capability was shown before; its supports are not repeated.
    public let isRepeated: Bool
    public let supports: [RouteNode]
    /// What the TinyCloud routes, which need every cited proof alive, say of the token (candidates only).
    public let familyStatus: EdgeStatus?

    /// The edge by itself, whatever it rests on.
    public enum State: Sendable, Hashable {
        case live
        case revoked(by: String)
        case expired(at: Timestamp)
        case pending(until: Timestamp)

        public var name: String {
            switch self {
            case .live: "live"
            case .revoked: "revoked"
            case .expired: "expired"
            case .pending: "pending"
            }
        }
    }
}

extension Snapshot {
    /// Answers a question as `check` does and shows every candidate route, up to `maxNodes` capabilities.
    public func explain(_ question: CheckQuestion, at: Timestamp, maxNodes: Int = 512) -> Explanation {
        let resolved = resolve(question)
        var walk = ExplainWalk(snapshot: self, at: at.microseconds, remaining: maxNodes)
        var candidates: [RouteNode] = []
        func show(_ asked: ResolvedQuestion) {
            let search = CandidateSearch(snapshot: self, question: asked, ignoresCaveats: true)
            let end = search.forEach { number in
                let row = graph.capabilities[number]
                guard isVisible(row.edge) else { return false }
                guard walk.remaining > 0 else {
                    walk.isComplete = false
                    return true
                }
                let failure = caveatFailure(row, asked.use)
                candidates.append(walk.node(number, depth: 0, caveatFailure: failure?.text, isCandidate: true))
                return false
            }
            if case .exhausted = end { walk.isComplete = false }
        }
        if resolved.isKnown, !resolved.isAuthority { show(resolved) }
        if resolved.rules.contains(.admitsOthers), resolved.hasKnownResource, !resolved.isAuthority {
            if let anyone = principal(.anyone) { show(resolved.asked(by: anyone)) }
            if case .allowedThroughSpaces(let path) = verdict(resolved, at: at) {
                for number in path where walk.remaining > 0 {
                    candidates.append(walk.node(number, depth: 0, isCandidate: true))
                }
            }
        }
        return Explanation(decision: check(question, at: at), candidates: candidates, isComplete: walk.isComplete)
    }

    func state(of edge: UInt32, at: Int64) -> RouteNode.State {
        if isEnded(edge) { return .revoked(by: revoker(of: edge)) }
        let notBefore = graph.window(edge).notBefore
        if notBefore > at { return .pending(until: Timestamp(microseconds: notBefore)) }
        let expires = graph.window(edge).expires
        return at < expires ? .live : .expired(at: Timestamp(microseconds: expires))
    }
}

private struct ExplainWalk {
    let snapshot: Snapshot
    let at: Int64
    var remaining: Int
    var isComplete = true
    var seen: Set<UInt32> = []

    /// Depth is bounded by the closure limit of admission, and again here.
    mutating func node(_ number: UInt32, depth: Int, caveatFailure: String? = nil, isCandidate: Bool = false)
        -> RouteNode
    {
        remaining -= 1
        let row = snapshot.graph.capabilities[number]
        let isNew = seen.insert(number).inserted
        var supports: [RouteNode] = []
        if isNew, !row.isRoot {
            for support in snapshot.supports(of: number) {
                guard remaining > 0, depth < 256 else {
                    isComplete = false
                    break
                }
                supports.append(node(support, depth: depth + 1))
            }
        }
        var budget = snapshot.graph.limits.maxCheckNodes
        let edge = Snapshot.EdgeID(raw: row.edge)
        return RouteNode(
            edge: edge, capability: snapshot.capability(number), state: snapshot.state(of: row.edge, at: at),
            isRoot: row.isRoot, isLive: snapshot.searchRoute(from: number, at: at, budget: &budget) == .live,
            caveatFailure: caveatFailure, isRepeated: !isNew, supports: supports,
            familyStatus: isCandidate ? snapshot.status(of: row.edge, at: at) : nil)
    }
}
