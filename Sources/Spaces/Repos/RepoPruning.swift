package import ATProto
import Storage
import UCAN

extension RepoWriter {
    /// Names repos whose log is longer than what is always kept, for a sweep to go over.
    package func longLogs(limit: Int = 64) throws -> [(space: SpaceURI, author: String)] {
        try change.rows(
            """
            SELECT s.uri, r.author FROM repo r JOIN space_revision s ON s.id = r.space \
            WHERE r.operation_count > ?1 ORDER BY r.operation_count DESC LIMIT ?2
            """,
            [.integer(limits.keptOperations), .integer(limit)]
        ) { (try SpaceURI($0.text(0)), $0.text(1)) }
    }

    /// Deletes operations of a repo that are beyond the number kept and beyond the age kept, whole revisions only.
    ///
    /// What is gone is told: a reader that asks for it gets `HistoryUnavailable`. At most about `limit` rows go in one
    /// change; gives how many did, 0 when nothing is left to prune.
    package func pruneLog(space: SpaceURI, author: String, limit: Int = 1000) throws -> Int {
        guard let head = try RepoReader(change).head(space: space, author: author),
            head.operationCount > limits.keptOperations
        else { return 0 }
        let repo: SQLValue = .integer(head.id)
        // The oldest revision that is kept for the count's sake.
        let kept = try change.first(
            "SELECT rev FROM operation WHERE repo = ?1 ORDER BY rev DESC, idx DESC LIMIT 1 OFFSET ?2",
            [repo, .integer(max(0, limits.keptOperations - 1))]
        ) { $0.integer(0) }
        let young = TID(microseconds: change.now.microseconds - limits.keptOperationAge, clockID: 0)
        guard let kept else { return 0 }
        let bound = min(TID(column: kept), young)
        // The last revision to go this time: the one `limit` rows in, or the one before the bound.
        let through = try change.first(
            """
            SELECT max(rev) FROM (SELECT rev FROM operation WHERE repo = ?1 AND rev < ?2 ORDER BY rev, idx LIMIT ?3)
            """,
            [repo, bound.column, .integer(limit)]
        ) { $0.optionalInteger(0) }
        guard case .some(.some(let through)) = through else { return 0 }
        try change.run("DELETE FROM operation WHERE repo = ?1 AND rev <= ?2", [repo, .integer(through)])
        let count = change.changes
        try change.run(
            "UPDATE repo SET pruned_through = ?2, operation_count = operation_count - ?3 WHERE id = ?1",
            [repo, .integer(through), .integer(count)])
        return count
    }
}
