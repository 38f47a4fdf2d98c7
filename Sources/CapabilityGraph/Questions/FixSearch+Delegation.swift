import UCAN

/// Where one signs: a delegation by who holds the right or controls the resource.
extension FixSearch {
    /// By which capability each principal holds what is asked, in the order in which the gate would look at them.
    private struct Holders {
        var principals: [UInt32] = []
        var proofs: [UInt32: UInt32] = [:]
        /// Those that hold it by nothing the viewer may see.
        var hidden: Set<UInt32> = []
        /// False where a bound kept some from being looked at.
        var isWhole = true
    }

    mutating func delegation() -> (Fix?, Unfixable) {
        let principal = question.principal
        guard Self.isNamedByDID(principal) else { return (nil, .principalIsNobody) }
        if let remedy, isHeldAlready || remedy.steps.isEmpty {
            return (remedy.steps.isEmpty ? nil : Fix(steps: stepsOfUse), .noSingleStep)
        }
        let limit = budget.left
        let holders = misses.seesUnit ? holders() : Holders()
        var steps: [DelegationStep] = []
        var tried: Set<DID> = [principal]
        func consider(_ signer: DID) {
            guard tried.insert(signer).inserted, Self.isNamedByDID(signer) else { return }
            if signer == question.resource.rootAuthority {
                steps.append(step(by: signer, nil))
            } else if let number = snapshot.principal(signer), let proof = holders.proofs[number] {
                steps.append(step(by: signer, proof))
            }
        }
        func consider(_ number: UInt32) { consider(DID(trusted: graph.terms.text(number))) }
        for edge in misses.shown.first?.route ?? [] { consider(graph.issuer(edge.raw)) }
        if let owner = question.resource.rootAuthority { consider(owner) }
        for holder in holders.principals { consider(holder) }
        let signers = Set(steps.map(\.issuer))
        let hiddenCount = holders.hidden.count {
            let name = DID(trusted: graph.terms.text($0))
            return Self.isNamedByDID(name) && !signers.contains(name)
        }
        guard let first = steps.first else {
            let isNobodys = question.resource.rootAuthority == nil && holders.isWhole
            return (nil, isNobodys ? .nobodyControls : .noSingleStep)
        }
        let named = steps.dropFirst().prefix(Self.maxNamed - 1).map(\.issuer)
        let capped =
            holders.isWhole
            ? nil
            : Capped(by: .nodes, limit: graph.limits.maxCheckNodes, visited: limit - budget.left)
        return (
            Fix(
                steps: [.delegate(first)] + stepsOfUse, by: first.issuer, alsoBy: Array(named),
                moreSigners: steps.count - 1 - named.count + hiddenCount, capped: capped), .noSingleStep
        )
    }

    /// Looks at each capability that gives what is asked once, whoever holds it.
    private mutating func holders() -> Holders {
        var found = Holders()
        var budget = budget
        let own = resolved.principal
        var limit = graph.limits.maxCheckNodes
        let isAll = snapshot.forEachGrant(of: resolved, limit: &limit) { number in
            let row = graph.capabilities[number]
            let holder = graph.audience(row.edge)
            guard holder != own, found.proofs[holder] == nil else { return }
            // Of an edge that the viewer may not see it is told no more than that somebody can sign.
            let isShown = projection.shows(row.edge)
            guard isShown || !found.hidden.contains(holder) else { return }
            guard budget.spend(snapshot.weight(of: number)) else {
                found.isWhole = false
                return
            }
            guard isHeld(number, row, &budget) else { return }
            guard isShown else {
                found.hidden.insert(holder)
                return
            }
            found.hidden.remove(holder)
            found.principals.append(holder)
            found.proofs[holder] = number
        }
        self.budget = budget
        found.isWhole = found.isWhole && isAll && budget.left > 0
        return found
    }

    /// The statement by which one principal gives what is asked: by a capability, or by none where it controls the resource.
    private func step(by signer: DID, _ proof: UInt32?) -> DelegationStep {
        let end = Timestamp(microseconds: Self.sum(at.microseconds, lifetime))
        guard let proof else {
            return DelegationStep(
                issuer: signer, audience: question.principal,
                capability: Capability(resource: question.resource, ability: question.ability), notBefore: nil,
                expires: end, proofs: [])
        }
        let edge = graph.capabilities[proof].edge
        let window = graph.window(edge)
        let hasStart = graph.info[edge].flags.contains(.hasNotBefore)
        return DelegationStep(
            issuer: signer, audience: question.principal,
            capability: Capability(
                resource: question.resource, ability: question.ability, caveats: snapshot.capability(proof).caveats),
            notBefore: hasStart ? Timestamp(microseconds: window.notBefore) : nil,
            expires: min(end, Timestamp(microseconds: window.expires)), proofs: [Snapshot.EdgeID(raw: edge)])
    }

    /// True where admission would take what rests on a capability: alive with all that its edge cites, with room for one
    /// more edge, to be handed on, and its caveats such that the same list is contained in them and met by the use.
    private func isHeld(_ number: UInt32, _ row: CapabilityRow, _ budget: inout QuestionBudget) -> Bool {
        guard !graph.info[row.edge].flags.contains(.terminal), !snapshot.isEnded(row.edge),
            snapshot.isInWindow(row.edge, at.microseconds),
            snapshot.searchRoute(from: number, at: at.microseconds, budget: &budget.left) == .live
        else { return false }
        var above = 0
        let end = snapshot.walkAbove([row.edge], alreadySeen: 1) { edge in
            above += 1
            return snapshot.isEnded(edge) ? .stop : .continue
        }
        guard budget.spend(above), end == .finished else { return false }
        guard row.caveats != 0 else { return true }
        guard snapshot.caveatFailure(row, resolved.use) == nil, let held = snapshot.caveats(of: row) else {
            return false
        }
        return held.failure(containing: held, for: .delegation, graph.families) == nil
    }

    private static func sum(_ microseconds: Int64, _ seconds: Int64) -> Int64 {
        let (length, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000)
        let (end, isTooLate) = microseconds.addingReportingOverflow(length)
        return isTooLong || isTooLate ? .max : end
    }
}
