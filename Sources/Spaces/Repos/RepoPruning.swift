package import ATProto
import Storage
import UCAN

extension RepoWriter {
    /// Names repos whose log is longer than what is always kept, for a sweep to go over.
    package func longLogs(limit: Int = 64) throws -> [(space: SpaceURI, author: String)] {
        let reader = RepoReader(change)
        let repos = try change.rows(
            RepoTable.self, [RepoTable.space, RepoTable.author],
            where: [RepoTable.operationCount.isAbove(Int64(limits.keptOperations)), RepoTable.space.isAtLeast(0)],
            order: [RepoTable.operationCount.descending], limit: limit
        ) { (space: $0[RepoTable.space], author: $0[RepoTable.author]) }
        return try repos.compactMap { repo in
            try reader.space(numbered: repo.space).map { ($0, repo.author) }
        }
    }

    /// Deletes operations of a repo that are beyond the number kept and beyond the age kept, whole revisions only.
    ///
    /// What is gone is told: a reader that asks for it gets `HistoryUnavailable`. At most about `limit` rows go in one
    /// change; gives how many did, 0 when nothing is left to prune.
    package func pruneLog(space: SpaceURI, author: String, limit: Int = 1000) throws -> Int {
        guard let head = try RepoReader(change).head(space: space, author: author),
            head.operationCount > limits.keptOperations
        else { return 0 }
        let ofRepo = OperationTable.repo.is(head.id)
        // The oldest revision that is kept for the count's sake.
        let kept = try change.first(
            OperationTable.self, [OperationTable.rev], where: [ofRepo],
            order: [OperationTable.rev.descending, OperationTable.index.descending],
            offset: max(0, Int(limits.keptOperations) - 1)
        ) { $0[OperationTable.rev] }
        let young = TID(microseconds: change.now.microseconds - limits.keptOperationAge, clockID: 0)
        guard let kept else { return 0 }
        let bound = min(TID(column: kept), young)
        // The last revision to go this time: the one `limit` rows in, or the one before the bound.
        let going = try change.rows(
            OperationTable.self, [OperationTable.rev], where: [ofRepo, OperationTable.rev.isBelow(bound.column)],
            order: [OperationTable.rev.ascending, OperationTable.index.ascending], limit: limit
        ) { $0[OperationTable.rev] }
        guard let through = going.last else { return 0 }
        let count = try change.delete(OperationTable.self, where: [ofRepo, OperationTable.rev.isAtMost(through)])
        try change.update(
            RepoTable.self, [RepoTable.prunedThrough.to(through), RepoTable.operationCount.adding(-Int64(count))],
            where: [RepoTable.id.is(head.id)])
        return count
    }
}
