public import Multiformats
public import UCAN

/// A change that is supposed and never made.
public enum SupposedChange: Sendable, Hashable {
    /// The end of one edge, with what ends with it.
    case revoke(Multihash)
    /// The end of what somebody received: of one kind, in one space, or all.
    case received(DID, kind: EdgeKind? = nil, space: Space? = nil)
    /// Somebody else holds the key: the end of all that it received, and of what it issued and may end as its issuer. What
    /// the host states in the name of an authority is no work of its key.
    case compromised(DID)

    var fingerprint: [String] {
        switch self {
        case .revoke(let id): ["revoke", Base16.encode(id.digest.bytes)]
        case .received(let principal, let kind, let space):
            ["received", principal.text, kind?.name ?? "-", space?.text ?? "-"]
        case .compromised(let principal): ["compromised", principal.text]
        }
    }
}

/// Asks what would follow from some changes, made together.
public struct WhatIfQuestion: Sendable {
    public var changes: [SupposedChange]
    /// The space that the asker reads: nothing that does not touch it is looked at, ended or named. nil for an operator, who
    /// sees all.
    public var unit: Space?
    /// Who would make the changes, and which proofs it would show; nil for an operator, whom nobody refuses.
    public var asker: (principal: DID, proofs: [Multihash])?

    public init(_ changes: [SupposedChange], unit: Space? = nil, asker: (principal: DID, proofs: [Multihash])? = nil) {
        self.changes = changes
        self.unit = unit
        self.asker = asker
    }

    /// How many changes one question may suppose.
    public static let maxChanges = 64

    /// Who asks is not part of it: whoever brings a cursor is judged anew.
    var fingerprint: UInt64 {
        QuestionCursor.fingerprint(["if", unit?.text ?? "-"] + changes.flatMap(\.fingerprint))
    }

    /// True for an edge that the asker may name.
    func names(_ edge: UInt32, in snapshot: Snapshot) -> Bool {
        unit.map { snapshot.touches(Snapshot.EdgeID(raw: edge), $0) } ?? true
    }
}

/// A use that was allowed to somebody, and what of it would change.
public struct WhatIfUse: Sendable {
    public let principal: DID
    public let capability: Capability
    /// Which of the ended edges it rested on, nearest first.
    public let by: [Snapshot.EdgeID]
    /// True where a list of the row holds only the first of what there is.
    public let isCut: Bool
    /// True where a bound kept it from being found out whether the use would be allowed, so that it is taken as lost.
    public let isUndetermined: Bool
}

/// One consequence of what is supposed.
public enum WhatIfRow: Sendable {
    /// An edge that ends by the change itself.
    case ended(Snapshot.EdgeID)
    /// What a principal may no more, and what is left to it inside that.
    case lost(WhatIfUse, remains: [Capability])
    /// What a principal would keep by another way.
    case kept(WhatIfUse, route: [Snapshot.EdgeID])
    /// A session, token, credential or invite that dies with what it rests on.
    case derived(Snapshot.EdgeID)
    /// A space that nobody would manage any more.
    case unmanaged(Space)
    /// A live edge that nobody could end any more.
    case orphan(Snapshot.EdgeID)
    /// An edge that carries its space, so that it does not end alone.
    case stays(Snapshot.EdgeID)
    /// An edge that follows a setting of its space. Its end changes the setting, and other edges with that: what would follow
    /// is not said.
    case notSimulated(Snapshot.EdgeID)
}

/// How many rows of each kind there are in all, of those that the asker may be shown.
public struct WhatIfCounts: Sendable, Equatable {
    public var (ended, stays, notSimulated, lost, kept, derived, unmanaged, orphans) = (0, 0, 0, 0, 0, 0, 0, 0)
}

public struct WhatIfPage: Sendable {
    public let rows: [WhatIfRow]
    public let counts: WhatIfCounts
    /// Which of the changes name nothing that is live and that the asker may name, by their places.
    public let unknown: [Int]
    /// Which of the changes revoke an edge that the asker itself would be refused to end, by their places; the other kinds
    /// of change are not judged so.
    public let refused: [Int]
    /// Of each compromised key, on the first page.
    public let compromised: [CompromisedKey]
    public let cursor: QuestionCursor?
    public let capped: Capped?
    /// What touches the unit and lies elsewhere too; the same on every page.
    public let hidden: Hidden
    public let revision: UInt32
    public let at: Timestamp
}

extension Snapshot {
    /// How many capabilities, edges and members one question looks at, whatever for.
    static let maxSupposedVisits = 2_000_000

    /// What would follow if some edges ended: nothing is changed, and no mark is left.
    ///
    /// In this order: what ends, what cannot alone, what is not simulated, what is lost, what is kept by another way, what
    /// dies with it, spaces and edges left without anybody; each newest edge first. A page has at most `limit` rows and about
    /// `maxBytes` of JSON. Throws `malformedCursor`, and `limitExceeded` for more than `WhatIfQuestion.maxChanges` changes.
    public func whatIf(
        _ question: WhatIfQuestion, after cursor: QuestionCursor?, limit: Int, maxBytes: Int = 1 << 20, now: Timestamp
    ) throws(GraphError) -> WhatIfPage {
        try whatIf(
            question, after: cursor, limit: limit, maxBytes: maxBytes, now: now, maxVisits: Self.maxSupposedVisits)
    }

    func whatIf(
        _ question: WhatIfQuestion, after cursor: QuestionCursor?, limit: Int, maxBytes: Int = 1 << 20, now: Timestamp,
        maxVisits: Int
    ) throws(GraphError) -> WhatIfPage {
        guard question.changes.count <= WhatIfQuestion.maxChanges else {
            throw GraphError(.limitExceeded, "more than \(WhatIfQuestion.maxChanges) changes are supposed")
        }
        let fingerprint = question.fingerprint
        let (pinned, at) = try pinned(cursor, fingerprint: fingerprint, now: now)
        var budget = QuestionBudget(maxVisits)
        let question = pinned.named(question)
        let plan = pinned.plan(question, at: at, &budget)
        let after = pinned.ending(plan.ended, by: question.actor)
        var effects = EffectSearch(before: pinned, after: after, at: at, unit: question.unit, budget: budget)
        effects.run()
        budget = effects.budget
        var orphans = OrphanSearch(after: after, at: at, question: question)
        orphans.find(&budget)
        let first = Int(cursor?.position ?? 0)
        var list = EffectList(question: question, plan: plan, effects: effects, orphans: orphans, &budget)
        let keys = first == 0 ? pinned.compromised(question, at: at, maxBytes: maxBytes / 2, &budget) : []
        let page = list.page(from: first, limit: limit, maxBytes: maxBytes - CompromisedKey.bytes(of: keys), &budget)
        let end = first + page.count
        var capped = list.capped
        if budget.left == 0 { capped = Capped(by: .nodes, limit: maxVisits, visited: maxVisits) }
        return WhatIfPage(
            rows: page, counts: list.counts, unknown: plan.unknown, refused: plan.refused, compromised: keys,
            cursor: end < list.rows.count
                ? QuestionCursor(
                    revision: pinned.revision, at: at, stage: 0, position: UInt32(end), fingerprint: fingerprint) : nil,
            capped: capped, hidden: list.hidden, revision: pinned.revision, at: at)
    }
}
