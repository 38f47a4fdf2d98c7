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
        case page(CursorPage)
        case chain(isMember: Bool)
        case whole
    }

    /// What is written, which never changes: one reference, however often the answer is moved.
    private final class Listing: Sendable {
        let delegation: DelegationAnswer
        let form: Form
        /// A page ends with the row that reaches them.
        let mostBytes: Int
        let isKeyed: Bool

        init(_ delegation: DelegationAnswer, _ form: Form, mostBytes: Int) {
            self.delegation = delegation
            self.form = form
            self.mostBytes = mostBytes
            if case .whole = form { isKeyed = true } else { isKeyed = false }
        }
    }

    private let listing: Listing
    /// Rows that are not written yet; of a whole listing, those that `walk` has given.
    private var rows: ArraySlice<ListPage.Row>
    private var walk: ListWalk?
    private var json = JSONWriter(reserving: 0)
    private var lastRow: ListPage.Row?
    /// Bytes of earlier pieces.
    private var given = 0
    private var rowsWritten = 0
    private var isOpen = false
    /// True once the last piece was given.
    public private(set) var isEnded = false

    /// Rows whose tokens are read together, at most.
    private static let mostRowsAtOnce = 16

    private init(
        _ delegation: DelegationAnswer, _ form: Form, _ rows: [ListPage.Row], _ walk: ListWalk? = nil,
        mostBytes: Int = .max
    ) {
        listing = Listing(delegation, form, mostBytes: mostBytes)
        self.rows = rows[...]
        self.walk = walk
    }

    /// Writes `{delegations, cursor?, complete, revision}`; of a page whose rows are more than `maxBytes`, as many as it takes
    /// to reach them.
    public init(_ delegation: DelegationAnswer, page: CursorPage, maxBytes: Int = .max) {
        self.init(delegation, .page(page), page.rows, mostBytes: maxBytes)
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
    public var revision: UInt32 { listing.delegation.snapshot.revision }

    /// All of it that was not given yet.
    public mutating func rest() throws(StorageError) -> [UInt8] { try next(target: .max) ?? [] }

    /// The next bytes, about `target` of them and at most a row more, or nil after the end.
    public mutating func next(target: Int) throws(StorageError) -> [UInt8]? {
        guard !isEnded else { return nil }
        // What a page may still have bounds the piece as well.
        let mostBytes = listing.mostBytes - given
        json.reserve(min(target, 512 + min(rows.count, Self.mostRowsAtOnce) * 2048))
        if !isOpen { open() }
        while json.count < target, !isEnded {
            draw()
            if rows.isEmpty || json.count >= mostBytes { close() } else { try writeRows(min(target, mostBytes)) }
        }
        given += json.count
        return json.takeBytes()
    }

    private mutating func draw() {
        guard rows.isEmpty, walk != nil else { return }
        var drawn: [ListPage.Row] = []
        while drawn.count < Self.mostRowsAtOnce, let row = walk?.next() { drawn.append(row) }
        rows = drawn[...]
    }

    /// Writes rows until there are so many bytes.
    private mutating func writeRows(_ bound: Int) throws(StorageError) {
        let listing = listing
        let batch = rows.prefix(rowsThatFit(bound))
        let lasting = try listing.delegation.lastingMembers(of: batch.lazy.map(\.edge))
        var written = 0
        // What does not fit after all is read again for the next piece.
        for (row, lasting) in zip(batch, lasting) {
            guard json.count < bound else { break }
            if listing.isKeyed { json.key(listing.delegation.snapshot.view(row.edge).cid.text) }
            listing.delegation.write(row.edge, status: row.status, lasting: lasting, into: &json)
            written += 1
            lastRow = row
        }
        rows = rows.dropFirst(written)
        rowsWritten += written
    }

    /// How many rows of the length of those before reach a bound.
    private func rowsThatFit(_ bound: Int) -> Int {
        guard rowsWritten > 0 else { return Self.mostRowsAtOnce }
        let average = max(1, (given + json.count) / rowsWritten)
        return min(Self.mostRowsAtOnce, (bound - json.count - 1) / average + 1)
    }

    private mutating func open() {
        isOpen = true
        switch listing.form {
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
        switch listing.form {
        case .page(let page):
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
