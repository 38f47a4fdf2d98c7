package import ATProto
import Multiformats
import Storage
import UCAN

extension RepoWriter {
    /// Empties a repo for good: records, log, blob references and its place among the space's writers.
    ///
    /// Its row keeps the revision, so that a repo written anew goes on above it. Gives false when there was none.
    package func deleteRepo(space: SpaceURI, author: String) throws -> Bool {
        guard let head = try RepoReader(change).head(space: space, author: author) else { return false }
        try discard(head)
        return true
    }

    /// Does what deleting a space means for repos (atproto-spaces.md 18): the authority's own goes, the list of writers
    /// goes, and the repos of others stay for their authors alone, or go too with `purge`.
    ///
    /// The space's row keeps its revision.
    package func deleteSpace(_ space: SpaceURI, purge: Bool) throws {
        guard let number = try RepoReader(change).number(of: space) else { return }
        let inSpace = RepoTable.space.is(number)
        let authors = try change.rows(
            RepoTable.self, [RepoTable.author],
            where: [inSpace, RepoTable.status.isNot(RepoStatus.deleted.rawValue)]
                + (purge ? [] : [RepoTable.author.is(space.authority)])
        ) { $0[RepoTable.author] }
        for author in authors { _ = try deleteRepo(space: space, author: author) }
        try change.update(
            RepoTable.self, [RepoTable.status.to(RepoStatus.orphaned.rawValue)],
            where: [inSpace, RepoTable.status.is(RepoStatus.live.rawValue)])
        try change.delete(SpaceWriterTable.self, where: [SpaceWriterTable.space.is(number)])
    }

    /// Deletes everything an account wrote: its repos in all spaces, its blobs, budgets and keys.
    package func deleteAccount(_ did: String) throws {
        for space in try RepoReader(change).spaces(heldBy: did) { _ = try deleteRepo(space: space, author: did) }
        try change.update(
            BlobTable.self, [BlobTable.referenceCount.to(0), BlobTable.expiresAt.to(0)],
            where: [BlobTable.account.is(did)])
        try change.delete(WriteBudgetTable.self, where: [WriteBudgetTable.account.is(did)])
        try change.delete(WriteKeyTable.self, where: [WriteKeyTable.account.is(did)])
    }

    /// Takes a repo down or gives it back; only a live or a taken-down repo changes. Gives false for any other.
    package func setTakenDown(_ isDown: Bool, space: SpaceURI, author: String) throws -> Bool {
        guard let head = try RepoReader(change).head(space: space, author: author) else { return false }
        let (from, to): (RepoStatus, RepoStatus) = isDown ? (.live, .takenDown) : (.takenDown, .live)
        guard head.status == from else { return head.status == to }
        try change.update(
            RepoTable.self, [RepoTable.status.to(to.rawValue)], where: [RepoTable.id.is(head.id)])
        return true
    }

    /// Puts an empty row in the place of a repo and leaves the old one, with all that hangs on it, to `clearDiscarded`:
    /// a large repo is as quick to delete as a small one. A discarded row stands in a space of its own, below 0.
    private func discard(_ head: RepoHead) throws {
        // Above the last revision, so that whoever knows it is told that the history behind it is gone.
        let rev = TID.next(after: head.rev, microseconds: change.now.microseconds, clockID: clockID)
        try change.update(
            RepoTable.self,
            [RepoTable.status.to(RepoStatus.deleted.rawValue), RepoTable.space.to(-head.id)],
            where: [RepoTable.id.is(head.id)])
        try change.insert(
            RepoTable.self,
            RepoTable.empty(
                space: head.spaceNumber, author: head.author, .deleted, rev: rev, prunedThrough: rev, LtHash()))
        try SpaceWriters(change).remove(head.author, from: head.space)
    }

    /// Deletes up to `limit` records and operations of repos that were discarded; gives how many rows went, 0 when
    /// nothing is left.
    package func clearDiscarded(limit: Int = 500) throws -> Int {
        let row = try change.first(
            RepoTable.self, [RepoTable.id, RepoTable.author], where: [RepoTable.space.isBelow(0)]
        ) { (id: $0[RepoTable.id], author: $0[RepoTable.author]) }
        guard let row else { return 0 }
        let records = try change.rows(
            RecordTable.self, [RecordTable.id], where: [RecordTable.repo.is(row.id)], limit: limit
        ) { $0[RecordTable.id] }
        var blobs = BlobReferences(change, account: row.author)
        for record in records {
            try blobs.drop(record: record)
            try change.delete(RecordTable.self, where: [RecordTable.id.is(record)])
        }
        try blobs.settle(temporaryUntil: change.now.microseconds + limits.temporaryBlobLifetime)
        let ofRepo = OperationTable.repo.is(row.id)
        let through = try change.first(
            OperationTable.self, [OperationTable.rev], where: [ofRepo],
            order: [OperationTable.rev.ascending, OperationTable.index.ascending], offset: limit
        ) { $0[OperationTable.rev] }
        try change.delete(
            OperationTable.self, where: [ofRepo] + (through.map { [OperationTable.rev.isAtMost($0)] } ?? []))
        if records.isEmpty, through == nil { try change.delete(RepoTable.self, where: [RepoTable.id.is(row.id)]) }
        return records.count + 1
    }
}
