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
        try change.put(
            SpaceWriterTable.self,
            [
                SpaceWriterTable.space.to(space), SpaceWriterTable.did.to(did), SpaceWriterTable.rev.to(rev.column),
                SpaceWriterTable.hash.to(hash), SpaceWriterTable.spaceRev.to(spaceRev.column),
            ])
    }

    /// Takes notice of a repo hosted elsewhere (13.11): the space advances unless the revision is known already.
    ///
    /// The caller has verified who says so and bounded the revision by the clock. Gives nil when nothing is new.
    package func record(
        _ space: SpaceURI, author: String, rev: TID, hash: [UInt8], clockID: UInt16 = 0
    ) throws -> RepoAdvance? {
        var row = try SpaceRow.find(space, in: change)
        let held = try change.first(
            SpaceWriterTable.self, [SpaceWriterTable.rev],
            where: [SpaceWriterTable.space.is(row.number), SpaceWriterTable.did.is(author)]
        ) { TID(column: $0[SpaceWriterTable.rev]) }
        if let held, rev <= held { return nil }
        let previous = row.rev
        let spaceRev = try row.advance(change, clockID: clockID)
        try upsert(space: row.number, did: author, rev: rev, hash: hash, spaceRev: spaceRev)
        return RepoAdvance(
            space: space, author: author, rev: rev, hash: hash, spaceRev: spaceRev, previousSpaceRev: previous)
    }

    /// Takes a writer off the list, as when a write policy no longer admits them.
    package func remove(_ did: String, from space: SpaceURI) throws {
        guard let number = try RepoReader(change).number(of: space) else { return }
        try change.delete(
            SpaceWriterTable.self, where: [SpaceWriterTable.space.is(number), SpaceWriterTable.did.is(did)])
    }
}

extension RepoReader {
    /// Lists writers by DID; the cursor is the last DID, absent on a page that is not full.
    package func writers(of space: SpaceURI, after cursor: String?, limit: Int) throws -> SpaceWriterPage {
        let writers = try writers(
            of: space, SpaceWriterTable.did.isAbove(cursor ?? ""), SpaceWriterTable.did.ascending, limit)
        let next = writers.count == limit ? writers.last?.did : nil
        return SpaceWriterPage(writers: writers, cursor: next, spaceRev: try revision(of: space))
    }

    /// Lists writers by space revision; the cursor is the last one, on every page that is not empty.
    package func writers(of space: SpaceURI, after revision: TID?, limit: Int) throws -> SpaceWriterPage {
        let writers = try writers(
            of: space, SpaceWriterTable.spaceRev.isAbove(revision?.column ?? 0), SpaceWriterTable.spaceRev.ascending,
            limit)
        return SpaceWriterPage(
            writers: writers, cursor: writers.last?.spaceRev.text, spaceRev: try self.revision(of: space))
    }

    private func writers(
        of space: SpaceURI, _ isBehind: Term, _ order: Order, _ limit: Int
    ) throws -> [SpaceWriter] {
        guard let number = try number(of: space) else { return [] }
        return try tables.rows(
            SpaceWriterTable.self, where: [SpaceWriterTable.space.is(number), isBehind], order: [order], limit: limit
        ) { row in
            SpaceWriter(
                did: row[SpaceWriterTable.did], rev: TID(column: row[SpaceWriterTable.rev]),
                hash: row[SpaceWriterTable.hash], spaceRev: TID(column: row[SpaceWriterTable.spaceRev]))
        }
    }
}
