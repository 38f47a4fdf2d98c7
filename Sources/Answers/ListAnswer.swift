public import CapabilityGraph
import Multiformats
public import Storage
import UCAN

/// Writes a listing piece by piece: one page as an object with a cursor, a chain as an array in which each element stands
/// before its parents, or everything as an object keyed by CID (tinycloud.md 8.5).
///
/// Tokens are read for the piece that is written, so a reader who is slow holds no more of them than that.
public struct ListAnswer: Sendable {
    private enum Form: Sendable {
        case page(CursorPage, maxBytes: Int)
        case chain(isMember: Bool)
        case whole
    }

    private let delegation: DelegationAnswer
    private let form: Form
    /// Rows that are not written yet; of a whole listing, those that `walk` has given.
    private var rows: ArraySlice<ListPage.Row>
    private var walk: ListWalk?
    private var json: JSONWriter
    private var lastRow: ListPage.Row?
    /// Bytes of earlier pieces.
    private var given = 0
    private var rowsWritten = 0
    private var isOpen = false
    /// True once the last piece was given.
    public private(set) var isEnded = false

    /// Rows whose tokens are read together, at most.
    private static let mostRowsAtOnce = 16

    private init(_ delegation: DelegationAnswer, _ form: Form, _ rows: [ListPage.Row], _ walk: ListWalk? = nil) {
        self.delegation = delegation
        self.form = form
        self.rows = rows[...]
        self.walk = walk
        json = JSONWriter(reserving: 256 + min(rows.count, Self.mostRowsAtOnce) * 2048)
    }

    /// Writes `{delegations, cursor?, complete, revision}`; of a page whose rows are more than `maxBytes`, as many as it takes
    /// to reach them.
    public init(_ delegation: DelegationAnswer, page: CursorPage, maxBytes: Int = .max) {
        self.init(delegation, .page(page, maxBytes: maxBytes), page.rows)
    }

    /// Writes the chain of an edge, or `{chain, revision}`.
    public init(_ delegation: DelegationAnswer, chain: Chain, withRevision: Bool = false) {
        let rows = chain.edges.map { edge in
            ListPage.Row(edge: edge, status: delegation.snapshot.status(of: edge, at: delegation.now))
        }
        self.init(delegation, .chain(isMember: withRevision), rows)
    }

    /// Writes all that a walk gives.
    public init(_ delegation: DelegationAnswer, walk: ListWalk) {
        self.init(delegation, .whole, [], walk)
    }

    /// The revision that the listing is of.
    public var revision: UInt32 { delegation.snapshot.revision }

    /// All of it that was not given yet.
    public mutating func rest() throws(StorageError) -> [UInt8] { try next(target: .max) ?? [] }

    /// The next bytes, about `target` of them and at most a row more, or nil after the end.
    public mutating func next(target: Int) throws(StorageError) -> [UInt8]? {
        guard !isEnded else { return nil }
        if !isOpen { open() }
        while json.bytes.count < target, !isEnded {
            draw()
            if rows.isEmpty || isFull { close() } else { try writeRows(target) }
        }
        given += json.bytes.count
        return json.takeBytes()
    }

    /// True when a page has the bytes it may have.
    private var isFull: Bool {
        guard case .page(_, let maxBytes) = form else { return false }
        return given + json.bytes.count >= maxBytes
    }

    private mutating func draw() {
        guard rows.isEmpty, walk != nil else { return }
        var drawn: [ListPage.Row] = []
        while drawn.count < Self.mostRowsAtOnce, let row = walk?.next() { drawn.append(row) }
        rows = drawn[...]
    }

    private mutating func writeRows(_ target: Int) throws(StorageError) {
        let batch = rows.prefix(rowsThatFit(target))
        let lasting = try delegation.lastingMembers(of: batch.lazy.map(\.edge))
        // What does not fit after all is read again for the next piece.
        for (row, lasting) in zip(batch, lasting) where json.bytes.count < target && !isFull {
            if case .whole = form { json.key(delegation.snapshot.view(row.edge).cid.text) }
            delegation.write(row.edge, status: row.status, lasting: lasting, into: &json)
            rows.removeFirst()
            rowsWritten += 1
            lastRow = row
        }
    }

    /// How many rows of the length of those before reach the target.
    private func rowsThatFit(_ target: Int) -> Int {
        guard rowsWritten > 0 else { return Self.mostRowsAtOnce }
        let average = max(1, (given + json.bytes.count) / rowsWritten)
        return min(Self.mostRowsAtOnce, (target - json.bytes.count - 1) / average + 1)
    }

    private mutating func open() {
        isOpen = true
        switch form {
        case .page:
            json.beginObject()
            json.key("delegations")
            json.beginArray()
        case .chain(let isMember):
            if isMember {
                json.beginObject()
                json.key("chain")
            }
            json.beginArray()
        case .whole: json.beginObject()
        }
    }

    private mutating func close() {
        isEnded = true
        switch form {
        case .page(let page, _):
            json.endArray()
            let next = rows.isEmpty ? page.cursor : lastRow.map { page.cursor(after: $0) }
            if let next {
                json.key("cursor")
                json.string(next.text)
            }
            json.key("complete")
            json.bool(next == nil)
            closeWithRevision()
        case .chain(let isMember):
            json.endArray()
            if isMember { closeWithRevision() }
        case .whole: json.endObject()
        }
    }

    private mutating func closeWithRevision() {
        json.key("revision")
        json.int(revision)
        json.endObject()
    }
}
