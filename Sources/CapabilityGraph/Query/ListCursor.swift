import Multiformats
public import UCAN

/// Remembers where a page ended and at which revision and instant its listing was selected.
///
/// A cursor gives no rights: whoever brings one is judged anew, and it only says which rows come next.
public struct ListCursor: Sendable, Equatable {
    public let revision: UInt32
    public let selectedAt: Timestamp
    /// The revision at which the last row of the page before was admitted.
    public let after: UInt32
    /// Ties the cursor to its filters.
    public let fingerprint: UInt64

    public init(revision: UInt32, selectedAt: Timestamp, after: UInt32, fingerprint: UInt64) {
        self.revision = revision
        self.selectedAt = selectedAt
        self.after = after
        self.fingerprint = fingerprint
    }

    private static let version: UInt8 = 1

    public var text: String {
        CursorText.write(
            Self.version, (UInt64(revision), 4), (UInt64(bitPattern: selectedAt.microseconds), 8), (UInt64(after), 4),
            (fingerprint, 8))
    }

    /// Reads a cursor; throws `malformedCursor`.
    public init(_ text: String) throws(GraphError) {
        let numbers = try CursorText.read(text, Self.version, 4, 8, 4, 8)
        revision = UInt32(truncatingIfNeeded: numbers[0])
        selectedAt = Timestamp(microseconds: Int64(bitPattern: numbers[1]))
        after = UInt32(truncatingIfNeeded: numbers[2])
        fingerprint = numbers[3]
    }
}

extension ListQuery {
    /// A number that differs when the filters differ; stable between processes.
    public var fingerprint: UInt64 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        func add(_ part: String) {
            bytes.append(contentsOf: part.utf8)
            bytes.append(0)
        }
        for part in [space.text, direction.rawValue, path ?? "", path == nil ? "-" : "+"] { add(part) }
        for ability in (abilities ?? []).map(\.text).sorted() { add(ability) }
        add(abilities == nil ? "-" : "+")
        for status in statuses.map(\.rawValue).sorted() { add(status) }
        if let kinds {
            add("kinds")
            for kind in kinds.map(\.name).sorted() { add(kind) }
        }
        return BLAKE3.hash(bytes).w0
    }
}

/// A page of a listing, and the cursors that lead on from it.
public struct CursorPage: Sendable {
    public let rows: [ListPage.Row]
    /// True when nothing comes after these rows.
    public let isLast: Bool
    fileprivate let pinned: Snapshot
    fileprivate let selectedAt: Timestamp
    fileprivate let fingerprint: UInt64

    /// Where the next page begins; nil when nothing is left.
    public var cursor: ListCursor? { isLast ? nil : rows.last.map { cursor(after: $0) } }

    /// Where the page begins that follows one of the rows.
    public func cursor(after row: ListPage.Row) -> ListCursor {
        ListCursor(
            revision: pinned.revision, selectedAt: selectedAt, after: pinned.graph.admittedAt(row.edge.raw),
            fingerprint: fingerprint)
    }
}

extension Snapshot {
    /// The page that follows a cursor, or the first page; `cursor` is nil in the answer when nothing is left.
    ///
    /// Throws `malformedCursor` when the cursor belongs to another listing or to a revision not reached here.
    public func listPage(
        _ query: ListQuery, after cursor: ListCursor?, limit: Int, now: Timestamp
    ) throws(GraphError) -> CursorPage {
        let fingerprint = query.fingerprint
        if let cursor {
            guard cursor.fingerprint == fingerprint else {
                throw GraphError(.malformedCursor, "the cursor belongs to a listing with other filters")
            }
            guard cursor.revision <= revision, cursor.after <= cursor.revision else {
                throw GraphError(.malformedCursor, "the cursor is ahead of this service")
            }
        }
        let pinned = asOf(cursor?.revision ?? revision)
        let selectedAt = cursor?.selectedAt ?? now
        let bound = cursor.map { EdgeID(raw: firstEdge(admittedFrom: $0.after)) }
        let page = pinned.list(query, below: bound, limit: limit, selectedAt: selectedAt, now: now, current: self)
        return CursorPage(
            rows: page.rows, isLast: page.next == nil, pinned: pinned, selectedAt: selectedAt, fingerprint: fingerprint)
    }

    /// The first edge admitted at or after a revision; edges stand in order of admission.
    private func firstEdge(admittedFrom bound: UInt32) -> UInt32 {
        var low = 0
        var high = graph.visibleEdgeCount
        while low < high {
            let middle = (low + high) / 2
            if graph.admittedAt(UInt32(middle)) < bound { low = middle + 1 } else { high = middle }
        }
        return UInt32(low)
    }

    /// Walks everything a query keeps, newest first.
    public func walk(_ query: ListQuery, now: Timestamp) -> ListWalk {
        ListWalk(walker: ListWalker(self, query, below: .max), at: now.microseconds)
    }
}

/// Gives the rows of a listing one by one.
public struct ListWalk: Sendable, IteratorProtocol {
    fileprivate var walker: ListWalker
    fileprivate let at: Int64

    /// The next row, with its status at the instant of the listing.
    public mutating func next() -> ListPage.Row? {
        walker.next(at: at).map { ListPage.Row(edge: Snapshot.EdgeID(raw: $0.edge), status: $0.status) }
    }
}
