import Multiformats
import Synchronization
import UCAN

/// Which edges the supposed changes end: those that the same changes end when they are made.
struct EndingPlan {
    var ended: Set<UInt32> = []
    /// What is named and does not end alone.
    var stays: Set<UInt32> = []
    /// What is named and ends with a setting.
    var notSimulated: Set<UInt32> = []
    var unknown: [Int] = []
    var refused: [Int] = []
    /// True where a bound kept it from being found out whether an edge is live.
    var isUnsure = false
}

extension WhatIfQuestion {
    /// The principals that are supposed to be nobody any more.
    var removed: [DID] {
        changes.compactMap { change in
            switch change {
            case .compromised(let principal), .received(let principal, nil, nil): principal
            case .revoke, .received: nil
            }
        }
    }

    /// In whose name edges are supposed to end.
    var actor: DID { asker?.principal ?? unit?.owner ?? .anyone }
}

extension Snapshot {
    /// The question with whom its changes mean.
    func named(_ question: WhatIfQuestion) -> WhatIfQuestion {
        var named = question
        named.changes = question.changes.map { change in
            switch change {
            case .revoke: change
            case .received(let who, let kind, let space): .received(principal(named: who), kind: kind, space: space)
            case .compromised(let who): .compromised(principal(named: who))
            }
        }
        return named
    }

    func plan(_ question: WhatIfQuestion, at: Timestamp, _ budget: inout QuestionBudget) -> EndingPlan {
        var plan = EndingPlan()
        for (place, change) in question.changes.enumerated() {
            var isKnown = false
            for edge in edges(of: change, in: question.unit, &budget) where question.names(edge, in: self) {
                switch isLive(edge, at: at, &budget) {
                case true?: break
                case false?: continue
                case nil:
                    plan.isUnsure = true
                    continue
                }
                isKnown = true
                switch loneEnd(of: edge) {
                case .plain: plan.ended.formUnion(ended(with: EdgeID(raw: edge), at: at).lazy.map(\.raw))
                case .carriesSpace: plan.stays.insert(edge)
                case .followsSetting: plan.notSimulated.insert(edge)
                }
            }
            if !isKnown {
                plan.unknown.append(place)
            } else if isRefused(change, to: question.asker, at: at) {
                plan.refused.append(place)
            }
        }
        return plan
    }

    /// True for the end of an edge that the asker may not make, nor anybody alone.
    private func isRefused(
        _ change: SupposedChange, to asker: (principal: DID, proofs: [Multihash])?, at: Timestamp
    ) -> Bool {
        guard case .revoke(let id) = change, let edge = edge(id) else { return false }
        if case .carriesSpace = loneEnd(of: edge.raw) { return true }
        guard let asker else { return false }
        let revocation = RevocationStatement(
            target: id, signer: asker.principal, proofs: asker.proofs, id: BLAKE3.hash([]))
        return (try? revocable(revocation, at: at)) == nil
    }

    private func loneEnd(of edge: UInt32) -> LoneEnd {
        let view = EdgeView(self, edge)
        let family = view.capabilities.first.flatMap { graph.families.family(of: $0.resource) }
        return family?.loneEnd(of: view) ?? .plain
    }

    private func edges(of change: SupposedChange, in unit: Space?, _ budget: inout QuestionBudget) -> [UInt32] {
        switch change {
        case .revoke(let id): return edge(id).map { [$0.raw] } ?? []
        case .received(let principal, let kind, let space):
            if let space, let unit, space != unit { return [] }
            let received = edges(receivedBy: principal, in: space ?? unit, &budget)
            guard let kind else { return received }
            return received.filter { graph.info[$0].kind == kind.code }
        case .compromised(let principal):
            let issued = edges(issuedBy: principal, in: unit, &budget)
            return edges(receivedBy: principal, in: unit, &budget)
                + issued.filter { graph.kind(of: $0).endedBy.contains(.issuer) }
        }
    }

    /// What a principal received, newest first: all, or what touches a space. What lies elsewhere is not looked at then.
    func edges(receivedBy principal: DID, in space: Space?, _ budget: inout QuestionBudget) -> [UInt32] {
        guard let number = self.principal(principal) else { return [] }
        var edges = ReceivedEdges(of: number, graph: graph)
        if let space { edges = ReceivedEdges(of: number, in: self.space(space), graph: graph) }
        var found: [UInt32] = []
        while let edge = edges.next(), budget.spend() {
            if isVisible(edge) { found.append(edge) }
        }
        return found
    }

    /// What a principal issued, likewise.
    func edges(issuedBy principal: DID, in space: Space?, _ budget: inout QuestionBudget) -> [UInt32] {
        guard let number = self.principal(principal) else { return [] }
        var found: [UInt32] = []
        guard space == nil else {
            guard let place = space.flatMap(self.space) else { return [] }
            var cursor = graph.lists.cursor(EdgeLists.Key(.issuerInSpace, number, place))
            while let edge = cursor.next(), budget.spend() {
                if isVisible(edge), graph.issuer(edge) == number { found.append(edge) }
            }
            return found
        }
        let newest = { graph.terms.heads.base[Int(number)].issued.load(ordering: .acquiring) }
        var next = newest()
        while next != 0, budget.spend() {
            let edge = next - 1
            next = graph.info[edge].olderOfIssuer
            // A row that was taken back with its batch may have been given to another principal: begin again.
            guard graph.issuer(edge) == number else {
                next = newest()
                continue
            }
            if isVisible(edge) { found.append(edge) }
        }
        return found
    }
}
