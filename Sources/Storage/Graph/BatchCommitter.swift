import CapabilityGraph
import Multiformats
import Synchronization
import UCAN

/// Decides, commits and answers one batch of changes; lives on the writer thread.
final class BatchCommitter: @unchecked Sendable {
    // @unchecked: called only from the one thread of `CommitQueue`.
    /// Transactions committed, each with one sync of the disk.
    let commitCount = Atomic<Int>(0)
    private let log: SQLiteLog
    private let writer: GraphWriter
    private var used: ReplaySet
    /// Marks of reads that were answered while the disk was full; written with the first commit that succeeds.
    private var unwritten: [ReplayMark] = []

    init(log: SQLiteLog, writer: GraphWriter, used: ReplaySet) {
        self.log = log
        self.writer = writer
        self.used = used
    }

    /// What a batch will write, and the answers that wait for it.
    private struct Pending {
        var batch = LogBatch()
        var replies: [() -> Void] = []
        var newest: Int64 = .min
    }

    func process(_ operations: [StoreOperation]) {
        guard let failure = attempt(operations) else { return }
        // One change that cannot be stored must not take its neighbours with it.
        guard operations.count > 1 else {
            giveUp(operations[0], because: failure)
            return
        }
        for operation in operations {
            if let failure = attempt([operation]) { giveUp(operation, because: failure) }
        }
    }

    /// Answers a change that could not be stored.
    ///
    /// A use that changes nothing is a read, and reads go on while the disk is full: its mark is kept in memory.
    private func giveUp(_ operation: StoreOperation, because failure: StoreFailure) {
        guard case .use(let mark, hosting: nil, _, let reply) = operation, case .storage(let error) = failure,
            error.code == .diskFull, !used.isFull
        else { return operation.fail(failure) }
        guard !used.contains(mark) else { return reply(.success(.duplicate)) }
        used.insert(mark)
        unwritten.append(mark)
        reply(.success(.marked))
    }

    /// Writes the marks that wait for room; they go on waiting when there is none yet.
    private func catchUp(_ now: Int64) {
        guard !unwritten.isEmpty else { return }
        unwritten.removeAll { $0.expiresAt < now }
        do throws(StorageError) {
            try log.commit(LogBatch(marks: unwritten))
            unwritten = []
        } catch {
            // The next commit tries again.
        }
    }

    /// Returns why nothing of the batch was kept, or nil when every operation was answered.
    private func attempt(_ operations: [StoreOperation]) -> StoreFailure? {
        writer.begin()
        var pending = Pending()
        do throws(GraphError) {
            for operation in operations { try decide(operation, into: &pending) }
        } catch {
            // A table that could not grow may have left half a change behind that no journal knows.
            if error.code == .outOfMemory { writer.poison() }
            return undo(pending, because: .graph(error))
        }
        if pending.newest > .min { used.forget(before: pending.newest) }
        if !pending.batch.entries.isEmpty || !pending.batch.marks.isEmpty {
            pending.batch.forgetMarksBefore = pending.newest
            do throws(StorageError) {
                try log.commit(pending.batch)
            } catch {
                return undo(pending, because: .storage(error))
            }
            commitCount.add(1, ordering: .relaxed)
            catchUp(pending.newest)
        }
        writer.commit()
        for reply in pending.replies { reply() }
        return nil
    }

    private func undo(_ pending: Pending, because failure: StoreFailure) -> StoreFailure {
        for mark in pending.batch.marks { used.remove(mark) }
        do throws(GraphError) {
            try writer.rollback()
        } catch {
            // Without memory to restore the tables the index can no longer be trusted: stop rather than guess.
            writer.poison()
            return .graph(error)
        }
        return failure
    }

    private func decide(_ operation: StoreOperation, into pending: inout Pending) throws(GraphError) {
        switch operation {
        case .admit(let statement, let token, let now, let hosting, let reply):
            let outcome = try writer.admit(statement, at: now, hosting: hosting)
            switch outcome {
            case .admitted(let admitted):
                pending.batch.entries.append(entry(admitted.record, token: token, id: statement.id.digest))
            case .twin(_, let record):
                pending.batch.entries.append(entry(record, token: token, id: statement.id.digest))
            case .existing, .refused: break
            }
            pending.replies.append { reply(.success(outcome)) }
        case .revoke(let statement, let token, let now, let reply):
            let outcome = try writer.revoke(statement, at: now)
            if case .revoked(_, let record) = outcome {
                pending.batch.entries.append(entry(record, token: token, id: statement.id))
            }
            pending.replies.append { reply(.success(outcome)) }
        case .use(let mark, let space, let now, let reply):
            if used.isFull { used.forget(before: now.microseconds) }
            guard !used.contains(mark) else {
                pending.replies.append { reply(.success(.duplicate)) }
                return
            }
            guard !used.isFull else {
                pending.replies.append { reply(.failure(.busy)) }
                return
            }
            used.insert(mark)
            pending.newest = max(pending.newest, now.microseconds)
            pending.batch.marks.append(mark)
            if let space, let record = try writer.host(space, at: now) {
                pending.batch.entries.append(entry(record, token: nil, id: nil))
            }
            pending.replies.append { reply(.success(.marked)) }
        }
    }

    private func entry(_ record: LogRecord, token: [UInt8]?, id: Digest?) -> LogEntry {
        LogEntry(
            revision: UInt64(record.revision), kind: record.kind.rawValue, recordedAt: record.recordedAt,
            record: record.bytes, tokenID: id, token: token)
    }
}
