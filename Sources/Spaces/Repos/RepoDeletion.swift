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
        let authors = try change.rows(
            """
            SELECT r.author FROM space_revision s JOIN repo r ON r.space = s.id \
            WHERE s.uri = ?1 AND r.status <> 2 AND (?2 OR r.author = ?3)
            """,
            [.text(space.text), .bool(purge), .text(space.authority)]
        ) { $0.text(0) }
        for author in authors { _ = try deleteRepo(space: space, author: author) }
        try change.run(
            """
            UPDATE repo SET status = 1 WHERE status = 0 AND space = (SELECT id FROM space_revision WHERE uri = ?1)
            """,
            [.text(space.text)])
        try change.run(
            "DELETE FROM space_writer WHERE space = (SELECT id FROM space_revision WHERE uri = ?1)", [.text(space.text)]
        )
    }

    /// Deletes everything an account wrote: its repos in all spaces, its blobs, budgets and keys.
    package func deleteAccount(_ did: String) throws {
        let spaces = try change.rows(
            """
            SELECT s.uri FROM repo r JOIN space_revision s ON s.id = r.space WHERE r.author = ?1 AND r.status <> 2
            """,
            [.text(did)]
        ) { try SpaceURI($0.text(0)) }
        for space in spaces { _ = try deleteRepo(space: space, author: did) }
        try change.run("UPDATE blob SET reference_count = 0, expires_at = 0 WHERE account = ?1", [.text(did)])
        try change.run("DELETE FROM write_budget WHERE account = ?1", [.text(did)])
        try change.run("DELETE FROM write_key WHERE account = ?1", [.text(did)])
    }

    /// Takes a repo down or gives it back; only a live or a taken-down repo changes. Gives false for any other.
    package func setTakenDown(_ isDown: Bool, space: SpaceURI, author: String) throws -> Bool {
        guard let head = try RepoReader(change).head(space: space, author: author) else { return false }
        let (from, to): (RepoStatus, RepoStatus) = isDown ? (.live, .takenDown) : (.takenDown, .live)
        guard head.status == from else { return head.status == to }
        try change.run("UPDATE repo SET status = ?2 WHERE id = ?1", [.integer(head.id), .integer(to.rawValue)])
        return true
    }

    /// Puts an empty row in the place of a repo and leaves the old one, with all that hangs on it, to `clearDiscarded`:
    /// a large repo is as quick to delete as a small one. A discarded row stands in a space of its own, below 0.
    private func discard(_ head: RepoHead) throws {
        // Above the last revision, so that whoever knows it is told that the history behind it is gone.
        let rev = TID.next(after: head.rev, microseconds: change.now.microseconds, clockID: clockID)
        try change.run("UPDATE repo SET status = 2, space = -id WHERE id = ?1", [.integer(head.id)])
        let hash = LtHash()
        try change.run(
            """
            INSERT INTO repo(space, author, status, rev, record_count, operation_count, pruned_through, digest, state) \
            VALUES(?1, ?2, 2, ?3, 0, 0, ?3, ?4, ?5)
            """,
            [.integer(head.spaceNumber), .text(head.author), rev.column, .blob(hash.digest), .blob(hash.state)])
        try SpaceWriters(change).remove(head.author, from: head.space)
    }

    /// Deletes up to `limit` records and operations of repos that were discarded; gives how many rows went, 0 when
    /// nothing is left.
    package func clearDiscarded(limit: Int = 500) throws -> Int {
        let row = try change.first("SELECT id, author FROM repo WHERE space < 0 LIMIT 1") {
            ($0.integer(0), $0.text(1))
        }
        guard let (repo, author) = row else { return 0 }
        let records = try change.rows(
            "SELECT id FROM record WHERE repo = ?1 LIMIT ?2", [.integer(repo), .integer(limit)]
        ) {
            $0.integer(0)
        }
        var blobs = BlobReferences(change, account: author)
        for record in records {
            try blobs.drop(record: record)
            try change.run("DELETE FROM record WHERE id = ?1", [.integer(record)])
        }
        try blobs.settle(temporaryUntil: change.now.microseconds + limits.temporaryBlobLifetime)
        let through = try change.first(
            "SELECT rev FROM operation WHERE repo = ?1 ORDER BY rev, idx LIMIT 1 OFFSET ?2",
            [.integer(repo), .integer(limit)]
        ) { $0.integer(0) }
        try change.run(
            "DELETE FROM operation WHERE repo = ?1 AND rev <= ?2", [.integer(repo), .integer(through ?? .max)])
        if records.isEmpty, through == nil { try change.run("DELETE FROM repo WHERE id = ?1", [.integer(repo)]) }
        return records.count + 1
    }
}
