public import UCAN

/// The answer to one question, of which no more was worked out than whether it is an allowance.
///
/// Of most questions that a request puts, nobody asks why: the route of an allowance, and the cause of a refusal, are found
/// when somebody looks. A snapshot never changes, so they are the same whenever that is; what was asked inside a change is
/// looked at inside it.
public final class Judgement: Sendable {
    private enum Ground: Sendable {
        case walked(Snapshot, CheckQuestion, Verdict, Timestamp)
        case decided(Decision, Snapshot)
    }

    private let ground: Ground
    public let isAllowed: Bool

    /// Takes an answer that was worked out whole.
    public init(_ decision: Decision, in snapshot: Snapshot) {
        ground = .decided(decision, snapshot)
        isAllowed = decision.isAllowed
    }

    fileprivate init(_ question: CheckQuestion, _ verdict: Verdict, in snapshot: Snapshot, at now: Timestamp) {
        ground = .walked(snapshot, question, verdict, now)
        switch verdict {
        case .owner, .allowed, .allowedThroughSpaces: isAllowed = true
        case .denied, .undetermined: isAllowed = false
        }
    }

    /// The whole answer.
    public var decision: Decision {
        switch ground {
        case .decided(let decision, _): decision
        case .walked(let snapshot, let question, let verdict, let now):
            snapshot.decision(question, verdict, at: now)
        }
    }

    /// The edge that is made for who is let through; nil where nothing but its own name lets it, and for a refusal.
    public var leaf: EdgeView? {
        switch ground {
        case .decided(.allow(let allowance), let snapshot): allowance.route.first.map { snapshot.view($0.edge) }
        case .decided: nil
        case .walked(let snapshot, _, let verdict, _):
            switch verdict {
            case .allowed(let capability): snapshot.holder(of: capability)
            case .allowedThroughSpaces(let path): path.first.map(snapshot.holder)
            case .owner, .denied, .undetermined: nil
            }
        }
    }
}

extension Snapshot {
    /// Answers a question; see `check` for the whole answer at once.
    public func judge(_ question: CheckQuestion, at now: Timestamp) -> Judgement {
        if question.context != nil, let family = graph.families.family(of: question.resource),
            family.isAttested(question, graph.registry, at: now)
        {
            return Judgement(.allow(Allowance(route: [], rootAuthority: question.resource.rootAuthority)), in: self)
        }
        return Judgement(question, verdict(resolve(question), at: now), in: self, at: now)
    }

    fileprivate func holder(of capability: UInt32) -> EdgeView {
        view(EdgeID(raw: graph.capabilities[capability].edge))
    }
}
