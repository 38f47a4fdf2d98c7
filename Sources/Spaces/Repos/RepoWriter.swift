import ATProto
import Multiformats
package import Storage
import UCAN

/// Is told of every step of a repo inside the change that makes it, so that its notification is as durable as it.
package protocol RepoObserver: Sendable {
    func repoAdvanced(_ advance: RepoAdvance, in change: TableChange) throws
}

/// Changes repos inside one transaction: what it compares is what it writes over.
package struct RepoWriter {
    let change: TableChange
    let limits: RepoLimits
    /// The low bits of revisions made here.
    let clockID: UInt16
    let observer: (any RepoObserver)?

    package init(
        _ change: TableChange, limits: RepoLimits = RepoLimits(), clockID: UInt16 = 0,
        observer: (any RepoObserver)? = nil
    ) {
        self.change = change
        self.limits = limits
        self.clockID = clockID
        self.observer = observer
    }

    /// Makes all writes of a batch under one revision, or throws and leaves nothing behind (atproto-spaces.md 7.1).
    ///
    /// - Parameter admit: Asked about each `put` once it shows whether it creates or updates; throws its refusal.
    /// - Throws: `InvalidSwap`, `RecordAlreadyExists`, `RecordNotFound`, `BlobNotFound`, `InvalidRequest`, and
    ///   `RateLimitExceeded`.
    func apply(_ batch: WriteBatch, admit: (WriteAction, String) throws -> Void = { _, _ in }) throws -> WriteOutcome {
        guard batch.writes.count <= limits.maxWrites else {
            throw ATProtoError("InvalidRequest", "Too many writes. Max: \(limits.maxWrites)")
        }
        let key = try IdempotencyKey(batch, limits: limits)
        if let known = try key?.outcome(of: batch, in: change) { return known }
        try compare(batch)
        var run = try RepoChange(batch, change, clockID: clockID)
        var results: [WriteOutcome.Result] = []
        results.reserveCapacity(batch.writes.count)
        for write in batch.writes {
            let result = try run.apply(write)
            if case .put(let collection, _, _, _) = write {
                try admit(result.action == .create ? .create : .update, collection.text)
            }
            results.append(result)
        }
        let outcome = WriteOutcome(results: results, commit: try commit(&run, batch))
        try key?.keep(outcome, in: change, limits: limits)
        return outcome
    }

    /// Compares the space's revision before any write (atproto-spaces.md 7.2).
    private func compare(_ batch: WriteBatch) throws {
        guard let expected = batch.swapCommit else { return }
        // That a guess is right would tell who is not in the space what others do there.
        guard batch.knowsSpace else { throw ATProtoError("InvalidSwap", "swapCommit mismatch") }
        let current = try RepoReader(change).revision(of: batch.space)?.text ?? ""
        guard UTF8Bytes.equal(expected, current) else { throw ATProtoError("InvalidSwap", "swapCommit mismatch") }
    }

    private func commit(_ run: inout RepoChange, _ batch: WriteBatch) throws -> RepoAdvance? {
        guard run.operationCount > 0 else { return nil }
        try WriteBudget(limits: limits).charge(run.points, to: batch.author, in: change)
        try run.finishBlobs(temporaryUntil: change.now.microseconds + limits.temporaryBlobLifetime)
        let hash = try run.store(isShown: batch.reach == .space)
        var space = try run.space()
        let previous = space.rev
        if batch.reach == .author, let previous {
            return RepoAdvance(
                space: batch.space, author: batch.author, rev: run.rev, hash: hash, spaceRev: previous,
                previousSpaceRev: previous)
        }
        let spaceRev = try space.advance(change, clockID: clockID)
        let advance = RepoAdvance(
            space: batch.space, author: batch.author, rev: run.rev, hash: hash, spaceRev: spaceRev,
            previousSpaceRev: previous)
        if batch.reach == .space {
            try SpaceWriters(change).upsert(
                space: space.number, did: batch.author, rev: run.rev, hash: hash, spaceRev: spaceRev)
        }
        try observer?.repoAdvanced(advance, in: change)
        return advance
    }
}
