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
            StoredRecord(
                author: head.author, collection: collection.text, rkey: rkey.text, cid: try CID(record: $0.bytes(0)),
                rev: TID(column: $0.integer(1)), bytes: $0.bytes(2))
        }
        guard let record else {
            throw ATProtoError("RecordNotFound", "the record `\(collection.text)/\(rkey.text)` does not exist")
        }
        return record
    }

    /// Names the authors whose repo in the space has such a record, at most `limit`; orphaned and hidden repos count
    /// as absent (atproto-spaces.md 13.3).
    package func authors(of space: SpaceURI, having collection: NSID, _ rkey: RecordKey, limit: Int = 2) throws
        -> [String]
    {
        try tables.rows(
            """
            SELECT p.author FROM space_revision s CROSS JOIN repo p ON p.space = s.id CROSS JOIN record r \
            ON r.repo = p.id AND r.collection = ?2 AND r.rkey = ?3 \
            WHERE s.uri = ?1 AND p.status = 0 ORDER BY p.author LIMIT ?4
            """,
            [.text(space.text), .text(collection.text), .text(rkey.text), .integer(limit)]
        ) { $0.text(0) }
    }

    /// Lists a repo by (collection, rkey), from the highest down unless reversed (atproto-spaces.md 13.2).
    ///
    /// - Throws: `MalformedCursor`.
    package func records(of head: RepoHead, _ listing: RecordListing, limits: RepoLimits) throws -> RecordPage {
        let after = try listing.cursor.map(RecordCursor.init(inRepo:))
        let value = listing.includesValues ? "value" : "NULL"
        let (order, sign) = listing.isReversed ? ("ASC", ">") : ("DESC", "<")
        var sql = "SELECT collection, rkey, cid, rev, \(value) FROM record WHERE repo = ?1"
        var values: [SQLValue] = [.integer(head.id), .integer(listing.limit)]
        if let collection = listing.collection {
            sql += " AND collection = ?3"
            values.append(.text(collection.text))
        }
        if let after {
            sql += " AND (collection, rkey) \(sign) (?4, ?5)"
            if listing.collection == nil { values.append(.null) }
            values += [.text(after.collection), .text(after.rkey)]
        }
        sql += " ORDER BY collection \(order), rkey \(order) LIMIT ?2"
        return try page(sql, values, listing, limits) { row in
            StoredRecord(
                author: head.author, collection: row.text(0), rkey: row.text(1), cid: try CID(record: row.bytes(2)),
                rev: TID(column: row.integer(3)), bytes: row.optionalBytes(4))
        } cursor: {
            RecordCursor(rev: nil, author: nil, collection: $0.collection, rkey: $0.rkey).text
        }
    }

    /// Lists all live repos of a space, or one, by age, oldest write first unless reversed (the older protocol's listing).
    ///
    /// - Throws: `MalformedCursor`.
    package func records(
        of space: SpaceURI, _ listing: RecordListing, head: RepoHead? = nil, limits: RepoLimits
    ) throws -> RecordPage {
        let after = try listing.cursor.map(RecordCursor.init(inSpace:))
        let value = listing.includesValues ? "r.value" : "NULL"
        let (order, sign) = listing.isReversed ? ("DESC", "<") : ("ASC", ">")
        var sql = """
            SELECT r.collection, r.rkey, r.cid, r.rev, \(value), p.author FROM space_revision s \
            CROSS JOIN record r ON r.space = s.id JOIN repo p ON p.id = r.repo WHERE s.uri = ?1 \
            AND \(head == nil ? "p.status = 0 AND NOT EXISTS (SELECT 1 FROM account a WHERE a.did = p.author AND a.status <> 0)" : "p.id = ?4")
            """
        if listing.collection != nil { sql += " AND r.collection = ?3" }
        var values: [SQLValue] = [
            .text(space.text), .integer(listing.limit), .text(optional: listing.collection?.text),
            head.map { .integer($0.id) } ?? .null,
        ]
        if let after, let rev = after.rev, let author = after.author {
            sql += " AND (r.rev, p.author, r.collection, r.rkey) \(sign) (?5, ?6, ?7, ?8)"
            values += [rev.column, .text(author), .text(after.collection), .text(after.rkey)]
        }
        sql += " ORDER BY r.rev \(order), p.author \(order), r.collection \(order), r.rkey \(order) LIMIT ?2"
        return try page(sql, values, listing, limits) { row in
            StoredRecord(
                author: row.text(5), collection: row.text(0), rkey: row.text(1), cid: try CID(record: row.bytes(2)),
                rev: TID(column: row.integer(3)), bytes: row.optionalBytes(4))
        } cursor: {
            RecordCursor(rev: $0.rev, author: $0.author, collection: $0.collection, rkey: $0.rkey).text
        }
    }

    /// Reads a page; it ends early, with a cursor, when its records grow too large for one answer.
    private func page(
        _ sql: String, _ values: [SQLValue], _ listing: RecordListing, _ limits: RepoLimits,
        _ map: (SQLRow) throws -> StoredRecord, cursor: (StoredRecord) -> String
    ) throws -> RecordPage {
        var records: [StoredRecord] = []
        var byteCount = 0
        var isFull = false
        try tables.each(sql, values) { row in
            let record = try map(row)
            byteCount += record.bytes?.count ?? 0
            records.append(record)
            isFull = records.count == listing.limit || byteCount >= limits.maxPageBytes
            return !isFull
        }
        return RecordPage(records: records, cursor: isFull ? records.last.map(cursor) : nil)
    }
}
