public import Multiformats
public import UCAN

/// A change that is supposed and never made.
public enum SupposedChange: Sendable, Hashable {
    /// The end of one edge, with what ends with it.
    case revoke(Multihash)
    /// The end of what somebody received: of one kind, in one space, or all.
    case received(DID, kind: EdgeKind? = nil, space: Space? = nil)
    /// Somebody else holds the key: the end of all that it issued or received.
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
    /// To a reader of one space what lies elsewhere is neither ended nor named; nil for all.
    public var unit: Space?
    public var viewer: QuestionViewer

    public init(_ changes: [SupposedChange], unit: Space? = nil, for viewer: QuestionViewer = .reader) {
        self.changes = changes
        self.unit = unit
        self.viewer = viewer
    }

    /// How many changes one question may suppose.
    public static let maxChanges = 64

    /// The viewer is not part of it: whoever brings a cursor is judged anew, and skips rows by their place in its own answer.
    var fingerprint: UInt64 {
        let whom =
            switch viewer {
            case .reader: "reader"
            case .party(let principal, _): principal.text
            }
        return QuestionCursor.fingerprint(["if", unit?.text ?? "-", whom] + changes.flatMap(\.fingerprint))
    }

    /// True for an edge that the asker may name.
    func names(_ edge: UInt32, in snapshot: Snapshot) -> Bool {
        switch viewer {
        case .reader: unit.map { snapshot.touches(Snapshot.EdgeID(raw: edge), $0) } ?? true
        case .party(let principal, _): snapshot.isParty(principal, to: Snapshot.EdgeID(raw: edge))
        }
    }
}

/// One consequence of what is supposed.
public enum WhatIfRow: Sendable {
    /// An edge that ends by the change itself.
    case ended(Snapshot.EdgeID)
    /// What a principal may no more, by which of the ended edges, and what is left to it inside that.
    case lost(DID, Capability, by: [Snapshot.EdgeID], remains: [Capability])
    /// What a principal would keep by another way.
    case kept(DID, Capability, by: [Snapshot.EdgeID], route: [Snapshot.EdgeID])
    /// A session, token, credential or invite that dies with what it rests on.
    case derived(Snapshot.EdgeID)
    /// A space that nobody would manage any more.
    case unmanaged(Space)
    /// A live edge that nobody could end any more.
    case orphan(Snapshot.EdgeID)
    /// An edge that carries its space, so that it does not end alone.
    case stays(Snapshot.EdgeID)
}

/// How many rows of each kind there are in all, those included that the asker is not shown.
public struct WhatIfCounts: Sendable, Equatable {
    public var (ended, lost, kept, derived, unmanaged, orphans, stays) = (0, 0, 0, 0, 0, 0, 0)
}

/// What a holder of a key could do until it is ended.
public struct CompromisedKey: Sendable {
    public let principal: DID
    /// The first of what it may do.
    public let can: [WhatCanRow]
    public let canMore: Bool
    /// How many live edges it may end: whom it could cut off.
    public let governs: Int
    /// Spaces, or the DID itself, that are its own by name, which nothing here can end.
    public let controls: [String]
}

public struct WhatIfPage: Sendable {
    public let rows: [WhatIfRow]
    public let counts: WhatIfCounts
    /// Which of the changes name nothing that is live and that the asker may name, by their places.
    public let unknown: [Int]
    public let compromised: [CompromisedKey]
    public let cursor: QuestionCursor?
    public let capped: Capped?
    public let hidden: Hidden
    public let revision: UInt32
    public let at: Timestamp
}

extension Snapshot {
    /// What would follow if some edges ended: nothing is changed, and no mark is left.
    ///
    /// In this order: what ends, what is lost, what is kept by another way, what dies with it, spaces and edges left without
    /// anybody; each newest edge first. A page has at most `limit` rows. Throws `malformedCursor`, and `limitExceeded` for
    /// more than `WhatIfQuestion.maxChanges` changes.
    public func whatIf(
        _ question: WhatIfQuestion, after cursor: QuestionCursor?, limit: Int, now: Timestamp
    ) throws(GraphError) -> WhatIfPage {
        guard question.changes.count <= WhatIfQuestion.maxChanges else {
            throw GraphError(.limitExceeded, "more than \(WhatIfQuestion.maxChanges) changes are supposed")
        }
        let fingerprint = question.fingerprint
        let (pinned, at) = try pinned(cursor, fingerprint: fingerprint, now: now)
        let plan = pinned.plan(question, at: at)
        let after = pinned.ending(plan.ended, by: question.actor)
        var effects = EffectSearch(before: pinned, after: after, at: at)
        effects.run()
        let orphans = OrphanSearch(after: after, at: at, removed: question.removed).run()
        let list = EffectList(question: question, plan: plan, effects: effects, orphans: orphans)
        let (first, rows) = (Int(cursor?.position ?? 0), list.rows)
        let end = min(rows.count, first + limit)
        let page = first < end ? rows[first..<end].map(list.told) : []
        var hidden = list.hidden
        hidden.edges += page.reduce(0) { $0 + $1.hiddenEdges }
        return WhatIfPage(
            rows: page.map(\.row), counts: list.counts, unknown: plan.unknown,
            compromised: first == 0 ? pinned.compromised(question, at: at) : [],
            cursor: end < rows.count
                ? QuestionCursor(
                    revision: pinned.revision, at: at, stage: 0, position: UInt32(end), fingerprint: fingerprint) : nil,
            capped: plan.capped ?? effects.capped ?? orphans.capped, hidden: hidden, revision: pinned.revision, at: at)
    }
}
