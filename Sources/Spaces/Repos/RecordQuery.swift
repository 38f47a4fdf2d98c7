package import ATProto
package import Multiformats
import Storage

/// A record as it is stored.
package struct StoredRecord: Sendable, Hashable {
    package let author: String
    package let collection: String
    package let rkey: String
    package let cid: CID
    /// The revision of its last write.
    package let rev: TID
    /// DAG-CBOR; nil where it was not asked for.
    package let bytes: [UInt8]?
}

/// A page of records.
package struct RecordPage: Sendable {
    package let records: [StoredRecord]
    /// Opaque; nil at the end.
    package let cursor: String?

    static let empty = RecordPage(records: [], cursor: nil)
}

/// What of a repo, or of all repos of a space, a listing gives.
package struct RecordListing: Sendable {
    package var collection: NSID?
    package var limit = 50
    package var cursor: String?
    /// The order opposite to the listing's own.
    package var isReversed = false
    package var includesValues = true

    package init() {}
}

extension RepoReader {
    /// Gives one record; throws `RecordNotFound`.
    package func record(_ collection: NSID, _ rkey: RecordKey, of head: RepoHead) throws -> StoredRecord {
        let record = try tables.first(
            "SELECT cid, rev, value FROM record WHERE repo = ?1 AND collection = ?2 AND rkey = ?3",
            [.integer(head.id), .text(collection.text), .text(rkey.text)]
        ) {
            try StoredRecord(
                author: head.author, collection: collection.text, rkey: rkey.text, cid: CID(record: $0.bytes(0)),
                rev: TID(column: $0.integer(1)), bytes: $0.bytes(2)
            ).checked()
        }
        guard let record else {
            throw ATProtoError("RecordNotFound", "the record `\(collection.text)/\(rkey.text)` does not exist")
        }
        return record
    }

    /// Names the authors whose repo in the space has such a record, at most `limit`; repos that are not live count as
    /// absent, and so do authors of whom `isShown` says no (atproto-spaces.md 13.3).
    package func authors(
        of space: SpaceURI, having collection: NSID, _ rkey: RecordKey, limit: Int = 2,
        isShown: (String) throws -> Bool = { _ in true }
    ) throws -> [String] {
        var found: [String] = []
        try tables.each(
            """
            SELECT p.author FROM space_revision s CROSS JOIN repo p ON p.space = s.id CROSS JOIN record r \
            ON r.repo = p.id AND r.collection = ?2 AND r.rkey = ?3 \
            WHERE s.uri = ?1 AND p.status = 0 ORDER BY p.author
            """,
            [.text(space.text), .text(collection.text), .text(rkey.text)]
        ) { row in
            let author = row.text(0)
            if try isShown(author) { found.append(author) }
            return found.count < limit
        }
        return found
    }

    /// Lists a repo by (collection, rkey), from the highest down unless reversed (atproto-spaces.md 13.2); nothing of one
    /// that is not there.
    ///
    /// - Throws: `MalformedCursor`.
    package func records(of head: RepoHead?, _ listing: RecordListing, limits: RepoLimits) throws -> RecordPage {
        let after = try listing.cursor.map(RecordCursor.init(inRepo:))
        guard let head else { return .empty }
        let (order, sign) = listing.isReversed ? ("ASC", ">") : ("DESC", "<")
        var (sql, values) = Self.query(of: head, listing)
        if let after {
            sql += " AND (r.collection, r.rkey) \(sign) (?4, ?5)"
            values += [.text(after.collection), .text(after.rkey)]
        }
        sql += " ORDER BY r.collection \(order), r.rkey \(order) LIMIT ?2"
        let page = try filled(sql, values, of: head, listing, limits)
        return RecordPage(
            records: page.records,
            cursor: page.full.map {
                RecordCursor(rev: nil, author: nil, collection: $0.collection, rkey: $0.rkey).text
            })
    }

    /// Lists a repo by age, oldest write first unless reversed (the older protocol's listing); nothing of one that is not
    /// there.
    ///
    /// - Throws: `MalformedCursor`.
    package func recordsByAge(of head: RepoHead?, _ listing: RecordListing, limits: RepoLimits) throws -> RecordPage {
        let after = try listing.cursor.map(RecordCursor.init(byAge:))
        guard let head else { return .empty }
        let (order, sign) = listing.isReversed ? ("DESC", "<") : ("ASC", ">")
        var (sql, values) = Self.query(of: head, listing)
        if let after, let rev = after.rev {
            values.append(rev.column)
            if let author = after.author {
                // A cursor of a listing of all authors has a place in this one too.
                sql += " AND (r.rev, ?5, r.collection, r.rkey) \(sign) (?4, ?6, ?7, ?8)"
                values += [.text(head.author), .text(author), .text(after.collection), .text(after.rkey)]
            } else {
                sql += " AND r.rev \(sign) ?4"
            }
        }
        sql += " ORDER BY r.rev \(order), r.collection \(order), r.rkey \(order) LIMIT ?2"
        return try filled(sql, values, of: head, listing, limits).byAge
    }

    /// Lists all live repos of a space by age, without authors of whom `isShown` says no.
    ///
    /// However few of the space's records are asked for, a page looks at a bounded number of them and ends early, with a
    /// cursor that names a revision alone: what was passed over may not be the reader's to know.
    ///
    /// - Throws: `MalformedCursor`.
    package func records(
        of space: SpaceURI, _ listing: RecordListing, limits: RepoLimits,
        isShown: (String) throws -> Bool = { _ in true }
    ) throws -> RecordPage {
        let after = try listing.cursor.map(RecordCursor.init(byAge:))
        let (order, sign) = listing.isReversed ? ("DESC", "<") : ("ASC", ">")
        var sql = """
            SELECT r.collection, r.rkey, r.cid, r.rev, \(listing.includesValues ? "r.value" : "NULL"), p.author, p.status \
            FROM space_revision s CROSS JOIN record r ON r.space = s.id CROSS JOIN repo p ON p.id = r.repo WHERE s.uri = ?1
            """
        var values: [SQLValue] = [.text(space.text)]
        if let after, let rev = after.rev {
            values.append(rev.column)
            if let author = after.author {
                sql += " AND r.rev \(sign)= ?2 AND (r.rev, p.author, r.collection, r.rkey) \(sign) (?2, ?3, ?4, ?5)"
                values += [.text(author), .text(after.collection), .text(after.rkey)]
            } else {
                sql += " AND r.rev \(sign) ?2"
            }
        }
        sql += " ORDER BY r.rev \(order), p.author \(order), r.collection \(order), r.rkey \(order)"
        var page = FilledPage(listing, limits)
        var (scanned, last): (Int, TID?) = (0, nil)
        var early: RecordPage?
        try tables.each(sql, values) { row in
            let rev = TID(column: row.integer(3))
            if scanned >= limits.maxScannedRecords, let last, last != rev {
                let cursor = RecordCursor(rev: last, author: nil, collection: "", rkey: "")
                early = RecordPage(records: page.records, cursor: cursor.text)
                return false
            }
            (scanned, last) = (scanned + 1, rev)
            guard row.integer(6) == RepoStatus.live.rawValue, listing.collection.map({ $0.text == row.text(0) }) ?? true
            else { return true }
            let author = row.text(5)
            return try isShown(author) ? page.add(StoredRecord(row, author: author)) : true
        }
        return early ?? page.byAge
    }

    /// What begins each query of one repo, and its first three values.
    private static func query(of head: RepoHead, _ listing: RecordListing) -> (String, [SQLValue]) {
        let value = listing.includesValues ? "r.value" : "NULL"
        let filter = listing.collection == nil ? "" : " AND r.collection = ?3"
        return (
            "SELECT r.collection, r.rkey, r.cid, r.rev, \(value) FROM record r WHERE r.repo = ?1" + filter,
            [.integer(head.id), .integer(listing.limit), .text(optional: listing.collection?.text)]
        )
    }

    private func filled(
        _ sql: String, _ values: [SQLValue], of head: RepoHead, _ listing: RecordListing, _ limits: RepoLimits
    ) throws -> FilledPage {
        var page = FilledPage(listing, limits)
        try tables.each(sql, values) { page.add(try StoredRecord($0, author: head.author)) }
        return page
    }
}

/// A page on its way; it is full by number, or when its records grow too large for one answer.
private struct FilledPage {
    private(set) var records: [StoredRecord] = []
    private var byteCount = 0
    private let limit: Int
    private let maxBytes: Int

    init(_ listing: RecordListing, _ limits: RepoLimits) {
        limit = listing.limit
        maxBytes = limits.maxPageBytes
    }

    private var isFull: Bool { records.count == limit || byteCount >= maxBytes }
    /// The last record of a full page, behind which there may be more.
    var full: StoredRecord? { isFull ? records.last : nil }

    var byAge: RecordPage {
        RecordPage(
            records: records,
            cursor: full.map {
                RecordCursor(rev: $0.rev, author: $0.author, collection: $0.collection, rkey: $0.rkey).text
            })
    }

    /// Takes a record; false when no other has room.
    mutating func add(_ record: StoredRecord) -> Bool {
        byteCount += record.bytes?.count ?? 0
        records.append(record)
        return !isFull
    }
}

extension StoredRecord {
    /// Reads the first five columns of the listings above.
    fileprivate init(_ row: SQLRow, author: String) throws {
        self = try StoredRecord(
            author: author, collection: row.text(0), rkey: row.text(1), cid: CID(record: row.bytes(2)),
            rev: TID(column: row.integer(3)), bytes: row.optionalBytes(4)
        ).checked()
    }

    /// Gives itself, whose bytes are those its CID names.
    fileprivate func checked() throws(StorageError) -> StoredRecord {
        if let bytes { try cid.check(bytes, "the record `\(author)/\(collection)/\(rkey)`") }
        return self
    }
}
