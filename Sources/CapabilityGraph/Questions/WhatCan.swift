public import UCAN

/// Asks what a principal may do.
public struct WhatCanQuestion: Sendable {
    public var principal: DID
    /// Keeps what lies in this space; nil keeps all.
    public var space: Space?
    /// Keeps what gives this ability; nil keeps all.
    public var ability: Ability?
    /// Takes in what everybody may in `space`; without one nothing.
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
    /// What the use takes beside the right, so that the gate refuses it as it is asked here; nil where nothing is wanting.
    public let unmet: Denial?
    /// The edge of a live row of the same principal that gives as much and more, or the same by a newer edge.
    public let coveredBy: Snapshot.EdgeID?
}

public struct WhatCanPage: Sendable {
    public let rows: [WhatCanRow]
    public let cursor: QuestionCursor?
    public let capped: Capped?
    public let revision: UInt32
    public let at: Timestamp
    /// How many capabilities were looked at.
    let visited: Int
}

extension Snapshot {
    /// Everything a principal may do: its own spaces, what it holds and is live, newest first, and what comes through
    /// spaces it belongs to. What an author may in its own repo goes without saying.
    ///
    /// A page has at most `limit` rows and about `maxBytes` of JSON. Throws `malformedCursor`.
    public func whatCan(
        _ question: WhatCanQuestion, after cursor: QuestionCursor?, limit: Int, maxBytes: Int = 1 << 20, now: Timestamp
    ) throws(GraphError) -> WhatCanPage {
        let fingerprint = question.fingerprint
        let (pinned, at) = try pinned(cursor, fingerprint: fingerprint, now: now)
        var search = WhatCanSearch(
            snapshot: pinned, current: self, question: question, at: at, limit: limit, maxBytes: maxBytes)
        search.run(from: cursor.map { ($0.stage, $0.position) })
        return WhatCanPage(
            rows: search.rows,
            cursor: search.stoppedAt.map {
                QuestionCursor(
                    revision: pinned.revision, at: at, stage: $0.stage, position: $0.position,
                    fingerprint: fingerprint)
            }, capped: search.capped, revision: pinned.revision, at: at, visited: search.visited)
    }
}
