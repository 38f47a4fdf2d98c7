import CapTesting
import CapabilityGraph
import Multiformats
import UCAN

/// Checks that what is said about a decision is true of the graph, by views alone.
struct ExplanationJudge {
    let snapshot: Snapshot
    let question: CheckQuestion
    let at: Timestamp

    var decisionCode: String {
        switch snapshot.check(question, at: at) {
        case .allow: "allow"
        case .deny(let denial): denial.code
        case .undetermined: "undetermined"
        }
    }

    func difference() -> String? {
        let decision = snapshot.check(question, at: at)
        let explanation = snapshot.explain(question, at: at)
        guard explanation.decision == decision else { return "explain decides \(explanation.decision)" }
        let isOwner = question.resource.rootAuthority == question.principal
        let hasLiveCandidate = explanation.candidates.contains { $0.isLive && $0.caveatFailure == nil }
        guard isOwner || !explanation.isComplete || decision.isAllowed == hasLiveCandidate else {
            return "\(decision.name) beside candidates that say otherwise"
        }
        for candidate in explanation.candidates { if let difference = difference(in: candidate) { return difference } }
        switch decision {
        case .allow(let allowance): return difference(in: allowance, isOwner: isOwner)
        case .deny(let denial): return difference(in: denial)
        case .undetermined: return "undetermined in a small graph"
        }
    }

    /// A node is live iff its edge is and it is a root or stands on a live node.
    private func difference(in node: RouteNode) -> String? {
        guard !node.isRepeated else { return nil }
        let expected = node.state == .live && (node.isRoot || node.supports.contains(where: \.isLive))
        guard node.isLive == expected else { return "edge \(node.edge.raw) is said to be live: \(node.isLive)" }
        guard node.state == state(of: node.edge) else { return "edge \(node.edge.raw) is said to be \(node.state)" }
        for support in node.supports { if let difference = difference(in: support) { return difference } }
        return nil
    }

    private func state(of edge: Snapshot.EdgeID) -> RouteNode.State {
        let view = snapshot.view(edge)
        if let ending = view.ending { return .revoked(by: ending.revoker) }
        if let notBefore = view.notBefore, at < notBefore { return .pending(until: notBefore) }
        if let expires = view.expires, at >= expires { return .expired(at: expires) }
        return .live
    }

    /// A route goes from the principal to the owner, each step alive, cited by the one before and covering it.
    private func difference(in allowance: Allowance, isOwner: Bool) -> String? {
        if isOwner { return allowance.route.isEmpty ? nil : "an owner needs no route" }
        guard let first = allowance.route.first, let last = allowance.route.last else { return "no route" }
        guard snapshot.view(first.edge).audience == question.principal.text,
            first.capability.resource.contains(question.resource),
            snapshot.registry.covers(held: first.capability.ability, required: question.ability)
        else { return "the route does not begin at the question" }
        guard last.capability.resource.rootAuthority?.text == snapshot.view(last.edge).issuer,
            last.capability.resource.rootAuthority == allowance.rootAuthority
        else { return "the route does not end at the owner" }
        for step in allowance.route where state(of: step.edge) != .live { return "the route runs over a dead edge" }
        for (step, next) in zip(allowance.route, allowance.route.dropFirst()) {
            guard snapshot.view(step.edge).proofs.contains(next.edge),
                snapshot.view(step.edge).issuer == snapshot.view(next.edge).audience,
                next.capability.resource.contains(step.capability.resource),
                snapshot.registry.covers(held: next.capability.ability, required: step.capability.ability),
                next.capability.caveats.failure(
                    containing: step.capability.caveats, for: .delegation, snapshot.families) == nil
            else { return "the route jumps" }
        }
        return nil
    }

    /// A named cause is a fact about the named edge.
    private func difference(in denial: Denial) -> String? {
        let isTrue: Bool
        switch denial.cause {
        case .revoked(let revoker): isTrue = denial.edge.map { state(of: $0) } == .revoked(by: revoker)
        case .expired(let instant): isTrue = denial.edge.map { state(of: $0) } == .expired(at: instant)
        case .notYetValid(let instant): isTrue = denial.edge.map { state(of: $0) } == .pending(until: instant)
        case .abilityNotCovered(let held):
            let view = denial.edge.map(snapshot.view)
            let here = view?.capabilities.filter { $0.resource.contains(question.resource) }.map(\.ability.text)
            isTrue = view?.audience == question.principal.text && here == held
        case .resourceNotCovered(let held):
            let view = denial.edge.map(snapshot.view)
            isTrue =
                view?.audience == question.principal.text
                && view?.capabilities.contains {
                    $0.resource.text == held && !$0.resource.contains(question.resource)
                        && snapshot.registry.covers(held: $0.ability, required: question.ability)
                } == true
        case .caveatFailed, .missingContext:
            isTrue = denial.edge.map { state(of: $0) } == .live
        case .noRoute: isTrue = true
        case .missingProof, .audienceMismatch, .invalidInvocation, .notInvoked, .unmet: isTrue = false
        }
        return isTrue ? nil : "\(denial) is not so"
    }
}
