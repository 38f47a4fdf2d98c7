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
        func stored() throws -> StoredRecord? {
            try tables.first(
                RecordTable.self, StoredRecord.columns(true),
                where: [
                    RecordTable.repo.is(head.id), RecordTable.collection.is(collection.text),
                    RecordTable.rkey.is(rkey.text),
                ]
            ) { try StoredRecord($0, author: head.author, withValue: true) }
        }
        let record =
            if let memory {
                try memory.record(collection, rkey, of: head.id, at: tables.stateNumber, stored)
            } else {
                try stored()
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
        guard let number = try number(of: space) else { return [] }
        var found: [String] = []
        try tables.each(
            RepoTable.self, [RepoTable.id, RepoTable.author],
            where: [RepoTable.space.is(number), RepoTable.status.is(RepoStatus.live.rawValue)],
            order: [RepoTable.author.ascending]
        ) { row in
            let author = row[RepoTable.author]
            let hasRecord = try tables.exists(
                RecordTable.self,
                where: [
                    RecordTable.repo.is(row[RepoTable.id]), RecordTable.collection.is(collection.text),
                    RecordTable.rkey.is(rkey.text),
                ])
            if hasRecord, try isShown(author) { found.append(author) }
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
        let isDown = !listing.isReversed
        var terms = Self.terms(of: head, listing)
        if let after {
            let (collection, rkey) = (RecordTable.collection.to(after.collection), RecordTable.rkey.to(after.rkey))
            let isWithin = listing.collection.map { UTF8Bytes.equal($0.text, after.collection) } ?? false
            // Within one collection the key alone says where to go on, so that nothing is read to be sorted.
            terms.append(
                isWithin
                    ? .behind(rkey, descending: isDown) : .behind(collection, rkey, descending: isDown))
        }
        let order = [RecordTable.collection.ordered(isDown), RecordTable.rkey.ordered(isDown)]
        let page = try filled(terms, order, of: head, listing, limits)
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
        let isDown = listing.isReversed
        var terms = Self.terms(of: head, listing)
        if let after, let rev = after.rev {
            let rev = RecordTable.rev.to(rev.column)
            // A cursor of a listing of all authors has a place in this one too, before, in or behind the repo.
            if let author = after.author, UTF8Bytes.equal(author, head.author) {
                let place = (RecordTable.collection.to(after.collection), RecordTable.rkey.to(after.rkey))
                terms.append(.behind(rev, place.0, place.1, descending: isDown))
            } else if let author = after.author, UTF8Bytes.precedes(author, head.author) != isDown {
                terms.append(.from(rev, descending: isDown))
            } else {
                terms.append(.behind(rev, descending: isDown))
            }
        }
        let order = [
            RecordTable.rev.ordered(isDown), RecordTable.collection.ordered(isDown), RecordTable.rkey.ordered(isDown),
        ]
        return try filled(terms, order, of: head, listing, limits).byAge
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
        guard let number = try number(of: space) else { return .empty }
        let isDown = listing.isReversed
        var terms = [RecordTable.space.is(number)]
        if let after, let rev = after.rev?.column {
            let rev = RecordTable.rev.to(rev)
            terms.append(
                after.author == nil
                    ? .behind(rev, descending: isDown) : .from(rev, descending: isDown))
        }
        var page = FilledPage(listing, limits)
        var revision = RevisionOfSpace(after, isDown: isDown)
        var (scanned, last): (Int, TID?) = (0, nil)
        var early: RecordPage?
        var repos: [Int64: (author: String, isLive: Bool)] = [:]
        try tables.each(
            RecordTable.self, StoredRecord.columns(listing.includesValues) + [RecordTable.repo], where: terms,
            order: [RecordTable.rev.ordered(isDown)]
        ) { row in
            let rev = TID(column: row[RecordTable.rev])
            if let last, last != rev {
                for record in revision.take() {
                    guard page.add(record) else { return false }
                }
                if scanned >= limits.maxScannedRecords {
                    let cursor = RecordCursor(rev: last, author: nil, collection: "", rkey: "")
                    early = RecordPage(records: page.records, cursor: cursor.text)
                    return false
                }
            }
            last = rev
            let id = row[RecordTable.repo]
            let repo = try repos[id] ?? authorship(of: id)
            repos[id] = repo
            guard revision.isBehind(row, repo.author) else { return true }
            scanned += 1
            guard repo.isLive, listing.collection.map({ $0.text == row[RecordTable.collection] }) ?? true,
                try isShown(repo.author)
            else { return true }
            revision.add(try StoredRecord(row, author: repo.author, withValue: listing.includesValues))
            return true
        }
        if let early { return early }
        for record in revision.take() where !page.isFull { _ = page.add(record) }
        return page.byAge
    }

    private func authorship(of repo: Int64) throws -> (author: String, isLive: Bool) {
        try tables.first(RepoTable.self, [RepoTable.author, RepoTable.status], where: [RepoTable.id.is(repo)]) { row in
            (row[RepoTable.author], row[RepoTable.status] == RepoStatus.live.rawValue)
        } ?? ("", false)
    }

    /// Which rows each listing of one repo is of.
    private static func terms(of head: RepoHead, _ listing: RecordListing) -> [Term] {
        [RecordTable.repo.is(head.id)] + (listing.collection.map { [RecordTable.collection.is($0.text)] } ?? [])
    }

    private func filled(
        _ terms: [Term], _ order: [Order], of head: RepoHead, _ listing: RecordListing, _ limits: RepoLimits
    ) throws -> FilledPage {
        var page = FilledPage(listing, limits)
        try tables.each(
            RecordTable.self, StoredRecord.columns(listing.includesValues), where: terms, order: order,
            limit: listing.limit
        ) { page.add(try StoredRecord($0, author: head.author, withValue: listing.includesValues)) }
        return page
    }
}

extension Column {
    fileprivate func ordered(_ isDown: Bool) -> Order { isDown ? descending : ascending }
}

/// The records of a space at one revision, which stand by author, collection and key.
private struct RevisionOfSpace {
    private var records: [StoredRecord] = []
    private let cursor: RecordCursor?
    private let isDown: Bool

    init(_ cursor: RecordCursor?, isDown: Bool) {
        self.cursor = cursor
        self.isDown = isDown
    }

    /// True for a record behind the cursor, whose own revision is read from its beginning.
    func isBehind(_ row: Row, _ author: String) -> Bool {
        guard let cursor, let held = cursor.author, cursor.rev == TID(column: row[RecordTable.rev]) else { return true }
        let place = [author, row[RecordTable.collection], row[RecordTable.rkey]]
        let seen = [held, cursor.collection, cursor.rkey]
        return isDown ? Self.precedes(place, seen) : Self.precedes(seen, place)
    }

    mutating func add(_ record: StoredRecord) { records.append(record) }

    /// Gives the records in their order, and forgets them.
    mutating func take() -> [StoredRecord] {
        defer { records = [] }
        guard records.count > 1 else { return records }
        return records.sorted { left, right in
            let (first, second) = isDown ? (right, left) : (left, right)
            return Self.precedes(
                [first.author, first.collection, first.rkey], [second.author, second.collection, second.rkey])
        }
    }

    private static func precedes(_ left: [String], _ right: [String]) -> Bool {
        for (left, right) in zip(left, right) where !UTF8Bytes.equal(left, right) {
            return UTF8Bytes.precedes(left, right)
        }
        return false
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

    var isFull: Bool { records.count == limit || byteCount >= maxBytes }
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
    fileprivate static func columns(_ withValue: Bool) -> [any AnyColumn] {
        [RecordTable.collection, RecordTable.rkey, RecordTable.cid, RecordTable.rev]
            + (withValue ? [RecordTable.value] : [])
    }

    /// Reads `columns`.
    fileprivate init(_ row: Row, author: String, withValue: Bool) throws {
        self = try StoredRecord(
            author: author, collection: row[RecordTable.collection], rkey: row[RecordTable.rkey],
            cid: CID(record: row[RecordTable.cid]), rev: TID(column: row[RecordTable.rev]),
            bytes: withValue ? row[RecordTable.value] : nil
        ).checked()
    }

    /// Gives itself, whose bytes are those its CID names.
    fileprivate func checked() throws(StorageError) -> StoredRecord {
        if let bytes { try cid.check(bytes, "the record `\(author)/\(collection)/\(rkey)`") }
        return self
    }
}
