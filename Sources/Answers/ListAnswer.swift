public import CapabilityGraph
import Multiformats
public import Storage
import UCAN

/// Writes listings: one page as an object with a cursor, or everything as the object keyed by CID (tinycloud.md 8.5).
public struct ListAnswer: Sendable {
    public let delegation: DelegationAnswer

    public init(_ delegation: DelegationAnswer) {
        self.delegation = delegation
    }

    /// Rows of a page that are read at once.
    private static let rowsRead = 16

    /// Writes `{delegations, cursor?, complete, revision}`; of a page whose rows are more than `maxBytes`, as many as it takes
    /// to reach them.
    public func page(_ page: CursorPage, maxBytes: Int = .max) throws(StorageError) -> [UInt8] {
        var json = JSONWriter(reserving: min(page.rows.count, Self.rowsRead) * 2048)
        json.beginObject()
        json.key("delegations")
        json.beginArray()
        var written = 0
        while written < page.rows.count, json.bytes.count < maxBytes {
            let rows = page.rows[written..<min(written + Self.rowsRead, page.rows.count)]
            let lasting = try delegation.lastingMembers(of: rows.lazy.map(\.edge))
            for (row, lasting) in zip(rows, lasting) where json.bytes.count < maxBytes {
                delegation.write(row.edge, status: row.status, lasting: lasting, into: &json)
                written += 1
            }
        }
        json.endArray()
        let next = written < page.rows.count ? page.cursor(after: page.rows[written - 1]) : page.cursor
        if let next {
            json.key("cursor")
            json.string(next.text)
        }
        json.key("complete")
        json.bool(next == nil)
        json.key("revision")
        json.int(delegation.snapshot.revision)
        json.endObject()
        return json.bytes
    }

    /// Writes the chain of an edge as an array in which each element stands before its parents.
    public func chain(_ chain: Chain) throws(StorageError) -> [UInt8] {
        let lasting = try delegation.lastingMembers(of: chain.edges)
        var json = JSONWriter(reserving: Self.byteCount(lasting))
        json.beginArray()
        for (edge, lasting) in zip(chain.edges, lasting) {
            let status = delegation.snapshot.status(of: edge, at: delegation.now)
            delegation.write(edge, status: status, lasting: lasting, into: &json)
        }
        json.endArray()
        return json.bytes
    }

    /// About what an answer of these rows takes.
    private static func byteCount(_ lasting: [[UInt8]?]) -> Int {
        lasting.reduce(256) { $0 + 64 + ($1?.count ?? 1024) }
    }

    /// Writes a listing piece by piece as one object keyed by CID.
    public struct Whole: Sendable {
        private let delegation: DelegationAnswer
        private var walk: ListWalk
        private var json = JSONWriter(reserving: 0)
        private var isOpen = false
        private var isEnded = false

        public init(_ delegation: DelegationAnswer, _ walk: ListWalk) {
            self.delegation = delegation
            self.walk = walk
        }

        /// The next bytes, about `target` of them, or nil after the closing brace.
        public mutating func next(target: Int) throws(StorageError) -> [UInt8]? {
            guard !isEnded else { return nil }
            if !isOpen { json.beginObject() }
            isOpen = true
            while json.bytes.count < target, !isEnded {
                let rows = nextRows()
                let lasting = try delegation.lastingMembers(of: rows.lazy.map(\.edge))
                for (row, lasting) in zip(rows, lasting) {
                    json.key(delegation.snapshot.view(row.edge).cid.text)
                    delegation.write(row.edge, status: row.status, lasting: lasting, into: &json)
                }
                if rows.count < Self.rowsAtOnce {
                    json.endObject()
                    isEnded = true
                }
            }
            return json.takeBytes()
        }

        private mutating func nextRows() -> [ListPage.Row] {
            var rows: [ListPage.Row] = []
            while rows.count < Self.rowsAtOnce, let row = walk.next() { rows.append(row) }
            return rows
        }

        /// Rows whose tokens are read together.
        private static let rowsAtOnce = 16
    }
}
