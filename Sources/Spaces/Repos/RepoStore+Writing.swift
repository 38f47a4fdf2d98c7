package import ATProto
import Identity
import Storage
package import UCAN

/// What changes repos: each effect takes the permit of its own operation and has it confirmed in its transaction.
extension RepoStore {
    /// Makes all writes of a batch or none; durable when it returns. An empty batch succeeds and changes nothing.
    ///
    /// - Parameter permit: Of `batch.operation`.
    /// - Throws: What `RepoWriter.apply` throws, and the gate's refusal, also of a `put` that turns out to be the kind
    ///   of write that is not covered.
    package func applyWrites(_ permit: Permit, _ batch: WriteBatch, at now: Timestamp) throws -> WriteOutcome {
        try permit.require(batch.operation)
        return try store.change(at: now) { change in
            let permit = try permit.confirmed(in: change)
            var batch = batch
            batch.knowsSpace = !permit.isOwnAlone
            batch.reach = try reach(of: batch, permit, in: change)
            return try writer(change).apply(batch) { try permit.require($0, collection: $1) }
        }
    }

    /// What an author takes away from a repo that a space shows is told of in any case; from one that no space shows any
    /// more, to nobody.
    private func reach(of batch: WriteBatch, _ permit: Permit, in change: TableChange) throws -> WriteReach {
        if try change.spaces.space(batch.space) != nil {
            guard permit.isOwnAlone else { return .space }
            let head = try RepoReader(change).head(space: batch.space, author: batch.author)
            return head?.status == .orphaned ? .author : .space
        }
        let isDeleted = try change.spaces.tombstone(batch.space) != nil
        let isHosted = try change.exists(AccountTable.self, where: [AccountTable.did.is(batch.space.authority)])
        return isDeleted || isHosted ? .author : .elsewhere
    }

    /// Keeps a blob of the caller until a record refers to it, for a time otherwise.
    ///
    /// - Parameter permit: Of uploading the media type it names.
    /// - Throws: `PayloadTooLarge`, `InvalidRequest`, `RateLimitExceeded`.
    package func uploadBlob(
        _ permit: AccountPermit, _ bytes: [UInt8], at now: Timestamp
    ) throws -> BlobRef {
        guard case .uploadBlob(let mimeType) = permit.operation else { throw AccessRefusal.closed }
        return try uploadBlob(bytes, mimeType: mimeType, account: permit.principal.text, at: now)
    }

    /// Deletes the repo of the author that the permit names; throws `RepoNotFound` where there is none.
    package func deleteRepo(_ permit: Permit, at now: Timestamp) throws {
        guard case .deleteRepo(let author) = permit.operation else { throw AccessRefusal.closed }
        let isFound = try store.change(at: now) { change in
            let permit = try permit.confirmed(in: change)
            return try writer(change).deleteRepo(space: permit.space, author: author.text)
        }
        guard isFound else { throw RepoReader.repoNotFound }
    }
}
