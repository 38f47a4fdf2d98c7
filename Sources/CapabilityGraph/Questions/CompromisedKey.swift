import Multiformats
public import UCAN

/// What a holder of a key could do until it is ended.
public struct CompromisedKey: Sendable {
    public let principal: DID
    /// The first of what it may do.
    public let can: [WhatCanRow]
    public let canMore: Bool
    /// How many live edges it may end: whom it could cut off.
    public let governs: Int
    /// Spaces that are its own by name, which nothing here can end; the first of them.
    public let controls: [String]
    public let controlsMore: Bool
    /// True where it may end more, which a bound kept from being looked at.
    public let isCut: Bool

    static let maxRows = 32

    /// How many bytes say them, about.
    static func bytes(of keys: [CompromisedKey]) -> Int {
        keys.reduce(0) { sum, key in
            sum + 256 + key.can.reduce(0) { $0 + 128 + $1.resource.text.utf8.count }
                + key.controls.reduce(0) { $0 + 8 + $1.utf8.count }
        }
    }
}

extension Snapshot {
    /// What a holder of each compromised key could do until it is ended, in the unit where there is one.
    func compromised(
        _ question: WhatIfQuestion, at: Timestamp, maxBytes: Int, _ budget: inout QuestionBudget
    ) -> [CompromisedKey] {
        let keys = question.changes.compactMap { change -> DID? in
            if case .compromised(let principal) = change { principal } else { nil }
        }
        var found: [CompromisedKey] = []
        for principal in keys {
            let key = compromised(principal, question, at: at, maxBytes: maxBytes / keys.count, &budget)
            found.append(key)
        }
        return found
    }

    private func compromised(
        _ principal: DID, _ question: WhatIfQuestion, at: Timestamp, maxBytes: Int, _ budget: inout QuestionBudget
    ) -> CompromisedKey {
        let asked = WhatCanQuestion(principal: principal, space: question.unit)
        var page: WhatCanPage?
        if budget.left > 0 {
            page = try? whatCan(asked, after: nil, limit: CompromisedKey.maxRows, maxBytes: maxBytes, now: at)
            _ = budget.spend(page?.visited ?? 0)
        }
        let rows = (page?.rows ?? []).filter { row in row.route.allSatisfy { question.names($0.edge.raw, in: self) } }
        let (governs, isWhole) = governed(by: principal, question, at: at, &budget)
        var own = self.principal(principal).map { graph.questions.spaces(of: $0, in: graph) } ?? []
        if let unit = question.unit {
            let number = space(unit)
            own.removeAll { $0.space != number }
        }
        let spaces = own.lazy.filter { isVisible($0.edge) && deletion(of: $0.space) == nil }
            .prefix(CompromisedKey.maxRows + 1).map { graph.terms.text(graph.spaces.row($0.space).text) }
        return CompromisedKey(
            principal: principal, can: rows,
            canMore: page.map { $0.cursor != nil || $0.capped != nil || $0.rows.count > rows.count } ?? true,
            governs: governs, controls: Array(spaces.prefix(CompromisedKey.maxRows)),
            controlsMore: spaces.count > CompromisedKey.maxRows, isCut: !isWhole)
    }

    /// How many live edges a principal may end; not whole where a bound was hit.
    private func governed(
        by principal: DID, _ question: WhatIfQuestion, at: Timestamp, _ budget: inout QuestionBudget
    ) -> (count: Int, isWhole: Bool) {
        var managed: [Space: Bool] = [:]
        func manages(_ space: Space, _ budget: inout QuestionBudget) -> Bool {
            if let known = managed[space] { return known }
            let isManaged = budget.spend(QuestionBudget.gateCost) && self.manages(principal, space, at: at)
            managed[space] = isManaged
            return isManaged
        }
        var edges = Set(edges(receivedBy: principal, in: question.unit, &budget))
        var spaces: Set<Space> = []
        if let unit = question.unit {
            spaces = [unit]
        } else {
            for edge in edges { spaces.formUnion(EdgeView(self, edge).capabilities.compactMap(\.resource.space)) }
            if let number = self.principal(principal) {
                let own = graph.questions.spaces(of: number, in: graph).lazy.filter { isVisible($0.edge) }
                spaces.formUnion(
                    own.compactMap { try? graph.families.space(graph.terms.text(graph.spaces.row($0.space).text)) })
            }
        }
        edges.formUnion(self.edges(issuedBy: principal, in: question.unit, &budget))
        for space in spaces {
            guard let number = self.space(space), space.owner == principal || manages(space, &budget) else { continue }
            var cursor = graph.lists.cursor(EdgeLists.Key(.space, number))
            while let edge = cursor.next(), budget.spend() {
                if isVisible(edge) { edges.insert(edge) }
            }
        }
        var (count, isWhole) = (0, true)
        for edge in edges {
            guard budget.left > 0 else { return (count, false) }
            switch isLive(edge, at: at, &budget) {
            case true?: break
            case false?: continue
            case nil:
                isWhole = false
                continue
            }
            let rights = rights(of: principal, toEnd: EdgeID(raw: edge)) { space in
                (question.unit.map { $0 == space } ?? true) && manages(space, &budget)
            }
            if !rights.isEmpty { count += 1 }
        }
        return (count, isWhole)
    }
}
