import Multiformats
import Synchronization
public import UCAN

/// Asks what a principal may do.
public struct WhatCanQuestion: Sendable {
    public var principal: DID
    /// Keeps what lies in this space; nil keeps all.
    public var space: Space?
    /// Keeps what gives this ability; nil keeps all.
    public var ability: Ability?
    /// Takes in what everybody may.
    public var withPublic = false
    /// Leaves out what a wider row gives as well.
    public var isMaximal = false

    public init(principal: DID, space: Space? = nil) {
        self.principal = principal
        self.space = space
    }

    var fingerprint: UInt64 {
        QuestionCursor.fingerprint([
            "what", principal.text, space?.text ?? "-", ability?.text ?? "-", "\(withPublic)", "\(isMaximal)",
        ])
    }
}

/// Something a principal may do, and by what.
public struct WhatCanRow: Sendable {
    /// nil for a space of its own, in which it may do everything.
    public let ability: Ability?
    public let resource: Resource
    public let caveats: Caveats
    public let by: WhoCanRow.By
    /// True where everybody may.
    public let isPublic: Bool
    public let route: [RouteStep]
    public let until: Timestamp?
    /// The edge of a live row of the same principal that gives as much and more, or the same by a newer edge.
    public let coveredBy: Snapshot.EdgeID?
}

public struct WhatCanPage: Sendable {
    public let rows: [WhatCanRow]
    public let cursor: QuestionCursor?
    public let capped: Capped?
    public let revision: UInt32
    public let at: Timestamp
}

extension Snapshot {
    /// Everything a principal may do: its own spaces, what it holds and is live, newest first, and what comes through
    /// spaces it belongs to. What an author may in its own repo goes without saying.
    ///
    /// Throws `malformedCursor`.
    public func whatCan(
        _ question: WhatCanQuestion, after cursor: QuestionCursor?, limit: Int, now: Timestamp
    ) throws(GraphError) -> WhatCanPage {
        let fingerprint = question.fingerprint
        let (pinned, at) = try pinned(cursor, fingerprint: fingerprint, now: now)
        var search = WhatCanSearch(snapshot: pinned, question: question, at: at, limit: limit)
        search.run(from: cursor.map { ($0.stage, $0.position) })
        return WhatCanPage(
            rows: search.rows,
            cursor: search.stoppedAt.map {
                QuestionCursor(
                    revision: pinned.revision, at: at, stage: $0.stage, position: $0.position,
                    fingerprint: fingerprint)
            }, capped: search.capped, revision: pinned.revision, at: at)
    }
}

/// One page of what a principal may do.
private struct WhatCanSearch {
    let snapshot: Snapshot
    let question: WhatCanQuestion
    let at: Timestamp
    let limit: Int
    var rows: [WhatCanRow] = []
    /// Where the next page begins.
    var stoppedAt: (stage: UInt8, position: UInt32)?
    var capped: Capped?
    private var visited = 0

    /// How many capabilities one page looks at.
    private static let maxVisited = 65_536
    private static let maxDepth = 9

    init(snapshot: Snapshot, question: WhatCanQuestion, at: Timestamp, limit: Int) {
        self.snapshot = snapshot
        self.question = question
        self.at = at
        self.limit = limit
    }

    private var graph: Graph { snapshot.graph }

    mutating func run(from start: (stage: UInt8, position: UInt32)?) {
        let (stage, position) = start ?? (0, 0)
        let own = snapshot.principal(question.principal)
        if stage == 0 { ownSpaces(own, from: Int(position)) }
        if stoppedAt == nil, stage <= 1, let own { held(by: own, from: stage == 1 ? position : nil, isPublic: false) }
        if stoppedAt == nil, stage <= 2 { throughSpaces(from: stage == 2 ? Int(position) : 0) }
        if stoppedAt == nil, stage <= 3, question.withPublic, let anyone = snapshot.principal(.anyone), anyone != own {
            held(by: anyone, from: stage == 3 ? position : nil, isPublic: true)
        }
    }

    private var isFull: Bool { rows.count >= limit || visited >= Self.maxVisited }

    private func keeps(_ ability: Ability?, _ resource: Resource) -> Bool {
        if let space = question.space, resource.space != space { return false }
        guard let wanted = question.ability, let ability else { return true }
        return graph.registry.covers(held: ability, required: wanted)
    }

    // MARK: what is its own

    private mutating func ownSpaces(_ principal: UInt32?, from start: Int) {
        guard let principal else { return }
        let owned = graph.questions.spaces(of: principal, in: graph)
        for place in owned.indices.dropFirst(start) {
            guard !isFull else { return stoppedAt = (0, UInt32(place)) }
            visited += 1
            guard snapshot.isVisible(owned[place].edge),
                let space = try? graph.families.space(graph.terms.text(graph.spaces.row(owned[place].space).text))
            else { continue }
            let resource = Resource(space: space)
            guard keeps(nil, resource) else { continue }
            rows.append(
                WhatCanRow(
                    ability: nil, resource: resource, caveats: .none, by: .owner, isPublic: false, route: [],
                    until: nil, coveredBy: nil))
        }
    }

    // MARK: what it holds

    /// The live capabilities of a principal, newest edge first; `start` is the capability the page begins with.
    private mutating func held(by principal: UInt32, from start: UInt32?, isPublic: Bool) {
        var next = graph.terms.heads.base[Int(principal)].received.load(ordering: .acquiring)
        if let start, start < capabilityEnd, graph.audience(graph.capabilities[start].edge) == principal {
            next = graph.capabilities[start].edge + 1
        }
        while next != 0 {
            let edge = next - 1
            next = graph.info[edge].olderOfAudience
            guard snapshot.isVisible(edge) else { continue }
            for number in snapshot.capabilities(of: edge) {
                if let start, start < capabilityEnd, graph.capabilities[start].edge == edge, number < start { continue }
                guard !isFull else { return stoppedAt = (isPublic ? 3 : 1, number) }
                visited += 1
                if let row = row(of: number, isPublic: isPublic) { rows.append(row) }
            }
        }
    }

    /// The number after the last capability of a published edge.
    private var capabilityEnd: UInt32 {
        let count = graph.visibleEdgeCount
        return count == 0 ? 0 : graph.capabilities(of: UInt32(count - 1)).upperBound
    }

    private mutating func row(of number: UInt32, isPublic: Bool) -> WhatCanRow? {
        var budget = graph.limits.maxCheckNodes
        switch snapshot.searchRoute(from: number, at: at.microseconds, budget: &budget) {
        case .live: break
        case .dead: return nil
        case .budgetExhausted:
            capped = Capped(by: .nodes, limit: graph.limits.maxCheckNodes, visited: visited)
            return nil
        }
        let capability = snapshot.capability(number)
        guard keeps(capability.ability, capability.resource) else { return nil }
        let wider = covering(number, capability)
        guard wider == nil || !question.isMaximal else { return nil }
        return row(
            capability, path: [number], by: .delegation, isPublic: isPublic, coveredBy: wider)
    }

    private func row(
        _ capability: Capability, path: [UInt32], by: WhoCanRow.By, isPublic: Bool,
        coveredBy: Snapshot.EdgeID? = nil
    ) -> WhatCanRow {
        let route = path.flatMap { snapshot.liveRoute(from: $0, at: at.microseconds) }
        let end = route.map { graph.window($0.edge.raw).expires }.min() ?? .max
        return WhatCanRow(
            ability: capability.ability, resource: capability.resource, caveats: capability.caveats, by: by,
            isPublic: isPublic, route: route, until: end == .max ? nil : Timestamp(microseconds: end),
            coveredBy: coveredBy)
    }

    /// The edge of a live capability without caveats that gives all that this one does: a wider one, or a newer twin.
    private func covering(_ number: UInt32, _ capability: Capability) -> Snapshot.EdgeID? {
        let audience = graph.audience(graph.capabilities[number].edge)
        let asked = snapshot.resolve(
            CheckQuestion(
                principal: DID(trusted: graph.terms.text(audience)), ability: capability.ability,
                resource: capability.resource))
        var found: Snapshot.EdgeID?
        var looked = 0
        _ = CandidateSearch(snapshot: snapshot, question: asked, ignoresCaveats: true).forEach { other in
            looked += 1
            let row = graph.capabilities[other]
            guard other != number, row.caveats == 0, snapshot.isVisible(row.edge) else { return looked > 256 }
            let candidate = snapshot.capability(other)
            let isTwin =
                capability.caveats.isEmpty && capability.resource.contains(candidate.resource)
                && graph.registry.covers(held: capability.ability, required: candidate.ability)
            guard !isTwin || other > number else { return looked > 256 }
            var budget = graph.limits.maxCheckNodes
            if snapshot.searchRoute(from: other, at: at.microseconds, budget: &budget) == .live {
                found = Snapshot.EdgeID(raw: row.edge)
            }
            return found != nil || looked > 256
        }
        return found
    }

    // MARK: what comes through spaces

    /// What spaces give that the principal belongs to: their edges as members of others, and as members as such.
    private mutating func throughSpaces(from start: Int) {
        var place = 0
        var reached: Set<UInt32> = []
        var level = spacesOfItself()
        for _ in 0...Self.maxDepth where !level.isEmpty {
            var next: [UInt32] = []
            for space in level where reached.insert(space).inserted {
                for number in received(by: space) {
                    defer { place += 1 }
                    let outer = graph.resources.row(graph.capabilities[number].resource).space
                    if outer != 0 { next.append(outer - 1) }
                    guard place >= start else { continue }
                    guard !isFull else { return stoppedAt = (2, UInt32(place)) }
                    visited += 1
                    rows += through(number)
                }
            }
            level = next
        }
    }

    /// The spaces that admit others and in which the principal holds anything on the whole, or which are its own.
    private func spacesOfItself() -> [UInt32] {
        guard let own = snapshot.principal(question.principal) else { return [] }
        var found = graph.questions.spaces(of: own, in: graph).filter { snapshot.isVisible($0.edge) }.map(\.space)
        var next = graph.terms.heads.base[Int(own)].received.load(ordering: .acquiring)
        while next != 0 {
            let edge = next - 1
            next = graph.info[edge].olderOfAudience
            guard snapshot.isVisible(edge), !snapshot.isEnded(edge) else { continue }
            for number in snapshot.capabilities(of: edge) {
                let resource = graph.resources.row(graph.capabilities[number].resource)
                if resource.space != 0, resource.path == nil { found.append(resource.space - 1) }
            }
        }
        return found
    }

    /// The visible capabilities that were made for the members of a space, newest first.
    private func received(by space: UInt32) -> [UInt32] {
        guard let members = graph.terms.find(.principal, graph.terms.bytes(graph.spaces.row(space).text)) else {
            return []
        }
        var found: [UInt32] = []
        var next = graph.terms.heads.base[Int(members)].received.load(ordering: .acquiring)
        while next != 0, found.count < Self.maxVisited {
            let edge = next - 1
            next = graph.info[edge].olderOfAudience
            guard snapshot.isVisible(edge), !snapshot.isEnded(edge) else { continue }
            found += snapshot.capabilities(of: edge)
        }
        return found
    }

    /// The widest abilities that the gate lets the principal have by one of those capabilities: no more than either gives.
    private func through(_ number: UInt32) -> [WhatCanRow] {
        let capability = snapshot.capability(number)
        guard capability.caveats.isEmpty else { return [] }
        var found: [WhatCanRow] = []
        let registry = graph.registry
        let held = registry.number(capability.ability.text)
        var abilities = [capability.ability]
        if held != 0 {
            abilities += registry.entries.indices.filter {
                Int(held) != $0 + 1 && registry.covers(held: held, required: UInt8($0 + 1))
            }.map { Ability(trusted: registry.entries[$0].ability) }
        }
        for ability in abilities {
            let isGiven = found.contains { row in
                row.ability.map { registry.covers(held: $0, required: ability) } ?? false
            }
            guard !isGiven, keeps(ability, capability.resource) else { continue }
            let asked = CheckQuestion(
                principal: question.principal, ability: ability, resource: capability.resource)
            guard case .allowedThroughSpaces(let path) = snapshot.verdict(snapshot.resolve(asked), at: at),
                path.last == number
            else { continue }
            let given = Capability(resource: capability.resource, ability: ability)
            found.append(row(given, path: path, by: .spaces, isPublic: false))
        }
        return found
    }
}
