import Multiformats
import Synchronization
import UCAN

/// Which edges the supposed changes end: those that the same changes end when they are made.
struct EndingPlan {
    var ended: Set<UInt32> = []
    /// What is named and does not end alone.
    var stays: Set<UInt32> = []
    var unknown: [Int] = []
    var capped: Capped?
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
    var actor: DID {
        switch viewer {
        case .party(let principal, _): principal
        case .reader: unit?.owner ?? .anyone
        }
    }
}

extension Snapshot {
    /// How many edges the changes of one question may end.
    static let maxSupposed = 100_000

    func plan(_ question: WhatIfQuestion, at: Timestamp) -> EndingPlan {
        var plan = EndingPlan()
        var budget = QuestionBudget(Self.maxSupposed)
        for (place, change) in question.changes.enumerated() {
            var isKnown = false
            func end(_ edge: UInt32) {
                guard isVisible(edge), !isEnded(edge), question.names(edge, in: self) else { return }
                isKnown = true
                guard !carriesSpace(edge) else {
                    plan.stays.insert(edge)
                    return
                }
                plan.ended.formUnion(ended(with: EdgeID(raw: edge), at: at).lazy.map(\.raw))
            }
            switch change {
            case .revoke(let id):
                if let edge = edge(id) { end(edge.raw) }
            case .received(let principal, let kind, let space):
                forEachEdge(receivedBy: principal, in: space, &budget) { edge in
                    if kind == nil || graph.info[edge].kind == kind?.code { end(edge) }
                }
            case .compromised(let principal):
                forEachEdge(receivedBy: principal, in: nil, &budget, end)
                forEachEdge(issuedBy: principal, &budget, end)
            }
            if !isKnown { plan.unknown.append(place) }
        }
        if budget.left == 0 {
            plan.capped = Capped(by: .edges, limit: Self.maxSupposed, visited: Self.maxSupposed)
        }
        return plan
    }

    private func carriesSpace(_ edge: UInt32) -> Bool {
        let view = EdgeView(self, edge)
        let family = view.capabilities.first.flatMap { graph.families.family(of: $0.resource) }
        return family?.carries(view) ?? false
    }

    func forEachEdge(
        receivedBy principal: DID, in space: Space?, _ budget: inout QuestionBudget, _ body: (UInt32) -> Void
    ) {
        guard let number = self.principal(principal) else { return }
        var edges: ReceivedEdges
        if let space {
            guard let place = self.space(space) else { return }
            edges = ReceivedEdges(of: number, in: place, graph: graph)
        } else {
            edges = ReceivedEdges(of: number, graph: graph)
        }
        while let edge = edges.next(), budget.spend() { body(edge) }
    }

    func forEachEdge(issuedBy principal: DID, _ budget: inout QuestionBudget, _ body: (UInt32) -> Void) {
        guard let number = self.principal(principal) else { return }
        var next = graph.terms.heads.base[Int(number)].issued.load(ordering: .acquiring)
        while next != 0, budget.spend() {
            let edge = next - 1
            next = graph.info[edge].olderOfIssuer
            // A row that was taken back with its batch may have been given to another principal: begin again.
            guard graph.issuer(edge) == number else {
                next = graph.terms.heads.base[Int(number)].issued.load(ordering: .acquiring)
                continue
            }
            body(edge)
        }
    }

    /// What a holder of each compromised key could do until it is ended.
    func compromised(_ question: WhatIfQuestion, at: Timestamp) -> [CompromisedKey] {
        question.changes.compactMap { change in
            guard case .compromised(let principal) = change else { return nil }
            let asked = WhatCanQuestion(principal: principal, space: question.unit)
            let page = try? whatCan(asked, after: nil, limit: 32, now: at)
            let rows = (page?.rows ?? []).filter { row in
                row.route.allSatisfy { question.names($0.edge.raw, in: self) }
            }
            var budget = QuestionBudget(Self.maxSupposed)
            var governed: Set<UInt32> = []
            func note(_ edge: UInt32) {
                if isVisible(edge), !isEnded(edge), question.names(edge, in: self) { governed.insert(edge) }
            }
            forEachEdge(receivedBy: principal, in: question.unit, &budget, note)
            forEachEdge(issuedBy: principal, &budget, note)
            let own = self.principal(principal).map { graph.questions.spaces(of: $0, in: graph) } ?? []
            let spaces = own.filter { isVisible($0.edge) }.map { graph.terms.text(graph.spaces.row($0.space).text) }
            return CompromisedKey(
                principal: principal, can: rows, canMore: page?.cursor != nil || page?.capped != nil,
                governs: governed.count,
                controls: question.unit.map { unit in spaces.filter { UTF8Bytes.equal($0, unit.text) } } ?? spaces)
        }
    }
}
