package import ATProto
import Multiformats
package import Storage

/// One entry of a space's writers, as its host lists them (atproto-spaces.md 13.6).
package struct SpaceWriter: Sendable, Hashable {
    package let did: String
    package let rev: TID
    /// Set-hash digest at that revision, 32 bytes.
    package let hash: [UInt8]
    /// The space's revision at which it got there; no two entries share one.
    package let spaceRev: TID
}

/// A page of writers.
package struct SpaceWriterPage: Sendable {
    package let writers: [SpaceWriter]
    /// Where the next page goes on: a DID or a space revision, by the order asked for; nil at the end.
    package let cursor: String?
    /// The space's revision, nil before its first accepted write.
    package let spaceRev: TID?
}

/// Keeps and lists the writers of spaces.
package struct SpaceWriters {
    private let change: TableChange

    package init(_ change: TableChange) { self.change = change }

    func upsert(space: Int64, did: String, rev: TID, hash: [UInt8], spaceRev: TID) throws {
        try change.run(
            """
            INSERT INTO space_writer(space, did, rev, hash, space_rev) VALUES(?1, ?2, ?3, ?4, ?5) \
            ON CONFLICT(space, did) DO UPDATE SET rev = ?3, hash = ?4, space_rev = ?5
            """,
            [.integer(space), .text(did), rev.column, .blob(hash), spaceRev.column])
    }

    /// Takes notice of a repo hosted elsewhere (13.11): the space advances unless the revision is known already.
    ///
    /// The caller has verified who says so and bounded the revision by the clock. Gives nil when nothing is new.
    package func record(
        _ space: SpaceURI, author: String, rev: TID, hash: [UInt8], clockID: UInt16 = 0
    ) throws -> RepoAdvance? {
        var row = try SpaceRow.find(space, in: change)
        let held = try change.first(
            "SELECT rev FROM space_writer WHERE space = ?1 AND did = ?2", [.integer(row.number), .text(author)]
        ) { TID(column: $0.integer(0)) }
        if let held, rev <= held { return nil }
        let previous = row.rev
        let spaceRev = try row.advance(change, clockID: clockID)
        try upsert(space: row.number, did: author, rev: rev, hash: hash, spaceRev: spaceRev)
        return RepoAdvance(
            space: space, author: author, rev: rev, hash: hash, spaceRev: spaceRev, previousSpaceRev: previous)
    }

    /// Takes a writer off the list, as when a write policy no longer admits them.
    package func remove(_ did: String, from space: SpaceURI) throws {
        try change.run(
            "DELETE FROM space_writer WHERE space = (SELECT id FROM space_revision WHERE uri = ?1) AND did = ?2",
            [.text(space.text), .text(did)])
    }
}

extension RepoReader {
    /// Lists writers by DID; the cursor is the last DID, absent on a page that is not full.
    package func writers(of space: SpaceURI, after cursor: String?, limit: Int) throws -> SpaceWriterPage {
        let writers = try tables.rows(
            """
            SELECT w.did, w.rev, w.hash, w.space_rev FROM space_revision s JOIN space_writer w ON w.space = s.id \
            WHERE s.uri = ?1 AND w.did > ?2 ORDER BY w.did LIMIT ?3
            """,
            [.text(space.text), .text(cursor ?? ""), .integer(limit)], Self.writer)
        let next = writers.count == limit ? writers.last?.did : nil
        return SpaceWriterPage(writers: writers, cursor: next, spaceRev: try revision(of: space))
    }

    /// Lists writers by space revision; the cursor is the last one, on every page that is not empty.
    package func writers(of space: SpaceURI, after revision: TID?, limit: Int) throws -> SpaceWriterPage {
        let writers = try tables.rows(
            """
            SELECT w.did, w.rev, w.hash, w.space_rev FROM space_revision s JOIN space_writer w ON w.space = s.id \
            WHERE s.uri = ?1 AND w.space_rev > ?2 ORDER BY w.space_rev LIMIT ?3
            """,
            [.text(space.text), revision?.column ?? .integer(0), .integer(limit)], Self.writer)
        return SpaceWriterPage(
            writers: writers, cursor: writers.last?.spaceRev.text, spaceRev: try self.revision(of: space))
    }

    private static func writer(_ row: SQLRow) -> SpaceWriter {
        SpaceWriter(
            did: row.text(0), rev: TID(column: row.integer(1)), hash: row.bytes(2),
            spaceRev: TID(column: row.integer(3)))
    }
}
