import CapabilityGraph
import Multiformats
import Synchronization
import UCAN

/// Decides, commits and answers one batch of changes; lives on the writer thread.
final class BatchCommitter: @unchecked Sendable {
    // @unchecked: called only from the one thread of `CommitQueue`.
    /// Transactions committed, each with one sync of the disk.
    let commitCount = Atomic<Int>(0)
    private let engine: any StoreEngine
    private let writer: GraphWriter
    private let families: [any StoreFamily]
    private var used: ReplaySet
    /// Marks of reads that were answered while the disk was full; written with the first commit that succeeds.
    private var unwritten: [ReplayMark] = []

    init(engine: any StoreEngine, writer: GraphWriter, families: [any StoreFamily], used: ReplaySet) {
        self.engine = engine
        self.writer = writer
        self.families = families
        self.used = used
    }

    /// What a batch will write, and the answers that wait for it.
    private final class Pending {
        var batch = LogBatch()
        var replies: [() -> Void] = []
        var newest: Int64 = .min
    }

    /// Says why nothing of a batch was kept.
    private enum Undone: Error {
        case failed(StoreFailure)
        /// A body took its change back after it had changed the graph, which goes back only with the whole batch.
        case refused(any Error)

        /// True where no change of the batch would fare better alone.
        var isOfAll: Bool {
            if case .failed(.storage(let error)) = self { error.failsEveryChange } else { false }
        }
    }

    func process(_ operations: [StoreOperation]) {
        guard let reason = attempt(operations) else { return }
        // One change that cannot be stored must not take its neighbours with it.
        if operations.count == 1 || reason.isOfAll {
            for operation in operations { giveUp(operation, because: reason) }
            return
        }
        for operation in operations {
            if let reason = attempt([operation]) { giveUp(operation, because: reason) }
        }
    }

    /// Answers a change that could not be stored.
    ///
    /// A use that changes nothing is a read, and reads go on while the disk is full: its mark is kept in memory, where no other
    /// node may have to know it.
    private func giveUp(_ operation: StoreOperation, because reason: Undone) {
        let failure: StoreFailure
        switch (reason, operation) {
        case (.refused(let error), .tables(let change)): return change.reply(.failure(error))
        case (.refused, _): failure = .busy
        case (.failed(let reason), _): failure = reason
        }
        guard case .use(let mark, hosting: nil, _, let reply) = operation, case .storage(let error) = failure,
            error.code == .diskFull, !engine.isRemote, !used.isFull(forStranger: isOfStranger(mark))
        else { return operation.fail(failure) }
        guard !used.contains(mark) else { return reply(.success(.duplicate)) }
        used.insert(mark, ofStranger: isOfStranger(mark))
        unwritten.append(mark)
        reply(.success(.marked))
    }

    /// Writes the marks that wait for room; they go on waiting when there is none yet.
    private func catchUp(_ now: Int64) {
        guard !unwritten.isEmpty else { return }
        unwritten.removeAll { $0.expiresAt < now }
        do throws(StorageError) {
            try engine.commit(LogBatch(marks: unwritten))
            unwritten = []
        } catch {
            // The next commit tries again.
        }
    }

    /// Returns why nothing of the batch was kept, or nil when every operation was answered.
    private func attempt(_ operations: [StoreOperation]) -> Undone? {
        writer.begin()
        let pending = Pending()
        do throws(Undone) {
            if operations.contains(where: \.usesTables) {
                try commitWithTables(operations, pending)
            } else {
                try commitLog(operations, pending)
            }
        } catch {
            return undo(pending, because: error)
        }
        // Families first: what they keep is never behind the graph.
        for family in families { family.commit() }
        writer.commit()
        for reply in pending.replies { reply() }
        return nil
    }

    private func commitLog(_ operations: [StoreOperation], _ pending: Pending) throws(Undone) {
        for operation in operations { try decide(operation, pending, nil) }
        close(pending)
        guard !pending.batch.entries.isEmpty || !pending.batch.marks.isEmpty else { return }
        try stored { () throws(StorageError) in try engine.commit(pending.batch) }
        commitCount.add(1, ordering: .relaxed)
        catchUp(pending.newest)
    }

    /// Decides inside the transaction, so that what is compared with the tables is what they hold when it is written.
    private func commitWithTables(_ operations: [StoreOperation], _ pending: Pending) throws(Undone) {
        var undone: Undone?
        do throws(StorageError) {
            try engine.transaction { tables in
                do throws(Undone) {
                    for operation in operations { try decide(operation, pending, tables) }
                } catch {
                    undone = error
                    return nil
                }
                close(pending)
                return pending.batch
            }
        } catch {
            throw .failed(.storage(error))
        }
        if let undone { throw undone }
        commitCount.add(1, ordering: .relaxed)
        catchUp(pending.newest)
    }

    /// Lets go of marks nobody can use any more.
    private func close(_ pending: Pending) {
        guard pending.newest > .min else { return }
        used.forget(before: pending.newest)
        pending.batch.forgetMarksBefore = pending.newest
    }

    private func undo(_ pending: Pending, because reason: Undone) -> Undone {
        for family in families { family.rollback() }
        for mark in pending.batch.marks { used.remove(mark) }
        // A table that could not grow may have left half a change behind that no journal knows.
        if case .failed(.graph(let error)) = reason, error.code == .outOfMemory { writer.poison() }
        do throws(GraphError) {
            try writer.rollback()
        } catch {
            // Without memory to restore the tables the index can no longer be trusted: stop rather than guess.
            writer.poison()
            return .failed(.graph(error))
        }
        return reason
    }

    private func decide(
        _ operation: StoreOperation, _ pending: Pending, _ tables: (any TableSession)?
    ) throws(Undone) {
        switch operation {
        case .admit(let statement, let token, let now, let hosting, let sender, let reply):
            let outcome = try changed { () throws(GraphError) in
                try writer.admit(statement, at: now, hosting: hosting, sender: sender)
            }
            switch outcome {
            case .admitted(let admitted):
                pending.batch.entries.append(LogEntry(admitted.record, token: token, id: statement.id.digest))
            case .twin(_, let record):
                pending.batch.entries.append(LogEntry(record, token: token, id: statement.id.digest))
            case .existing, .refused: break
            }
            pending.replies.append { reply(.success(outcome)) }
        case .revoke(let statement, let token, let now, let reply):
            try decide(statement, token, at: now, pending, tables, reply)
        case .use(let mark, let space, let now, let reply):
            do throws(StoreFailure) {
                guard try use(mark, at: now, pending) else {
                    pending.replies.append { reply(.success(.duplicate)) }
                    return
                }
            } catch {
                pending.replies.append { reply(.failure(error)) }
                return
            }
            if let space {
                let record = try changed { () throws(GraphError) in try writer.host(space, at: now) }
                if let record { pending.batch.entries.append(LogEntry(record, token: nil, id: nil)) }
            }
            pending.replies.append { reply(.success(.marked)) }
        case .tables(let change):
            guard let tables else { throw .failed(.busy) }
            try decide(change, pending, tables)
        }
    }

    /// Ends what a revocation names, the way that every end takes.
    private func decide(
        _ statement: RevocationStatement, _ token: [UInt8], at now: Timestamp, _ pending: Pending,
        _ tables: (any TableSession)?, _ reply: @escaping StoreOperation.RevocationReply
    ) throws(Undone) {
        guard let tables else { throw .failed(.busy) }
        let target: Snapshot.EdgeID
        let acting: DID
        do throws(Refusal) {
            (target, acting) = try writer.working.revocable(statement, at: now)
        } catch {
            return pending.replies.append { reply(.success(.refused(error))) }
        }
        guard writer.working.view(target).ending == nil else {
            return pending.replies.append { reply(.success(.alreadyRevoked(target))) }
        }
        let end = EdgeEnd(by: acting, reason: "revoked", token: (statement.id, token))
        let operation = TableOperation(now: now) { change in
            try change.end(target, end)
        } reply: { result in
            switch result {
            case .success: reply(.success(.revoked(target)))
            case .failure(let refusal as Refusal): reply(.success(.refused(refusal)))
            case .failure(let failure as StoreFailure): reply(.failure(failure))
            case .failure: reply(.failure(.busy))
            }
        }
        try decide(operation, pending, tables)
    }

    /// Runs a body between two savepoints, so that what it refuses leaves nothing behind.
    private func decide(
        _ change: TableOperation, _ pending: Pending, _ tables: any TableSession
    ) throws(Undone) {
        try stored { () throws(StorageError) in try tables.openSavepoint() }
        let marks = pending.batch.marks.count
        let transaction = StoreTransaction(
            now: change.now, tables: tables, writer: writer, families: families
        ) { mark in
            try self.use(mark, at: change.now, pending)
        }
        do {
            try ReadNesting.inside { try change.body(transaction) }
        } catch {
            if let failure = tables.failure { throw .failed(.storage(failure)) }
            if let error = error as? GraphError { throw .failed(.graph(error)) }
            if transaction.changedGraph { throw .refused(error) }
            for mark in pending.batch.marks[marks...] { used.remove(mark) }
            pending.batch.marks.removeSubrange(marks...)
            try stored { () throws(StorageError) in try tables.takeBack() }
            pending.replies.append { change.reply(.failure(error)) }
            return
        }
        if let failure = tables.failure { throw .failed(.storage(failure)) }
        try stored { () throws(StorageError) in try tables.closeSavepoint() }
        pending.batch.entries += transaction.batch.entries
        // One by one: the arrays' elements differ in type, and casting an array of functions fails at run time.
        for followUp in transaction.followUps { pending.replies.append { followUp() } }
        pending.replies.append { change.reply(.success(())) }
    }

    /// Marks a statement as used; false when it was before.
    private func use(_ mark: ReplayMark, at now: Timestamp, _ pending: Pending) throws(StoreFailure) -> Bool {
        let isStranger = isOfStranger(mark)
        if used.isFull(forStranger: isStranger) { used.forget(before: now.microseconds) }
        guard !used.contains(mark) else { return false }
        guard !used.isFull(forStranger: isStranger) else { throw .busy }
        used.insert(mark, ofStranger: isStranger)
        pending.newest = max(pending.newest, now.microseconds)
        pending.batch.marks.append(mark)
        return true
    }

    /// True where no statement names who used it: there is no end of such keys.
    private func isOfStranger(_ mark: ReplayMark) -> Bool { mark.issuer.map { !writer.working.knows($0) } ?? false }

    private func stored(_ body: () throws(StorageError) -> Void) throws(Undone) {
        do throws(StorageError) {
            try body()
        } catch {
            throw .failed(.storage(error))
        }
    }

    private func changed<Value>(_ body: () throws(GraphError) -> Value) throws(Undone) -> Value {
        do throws(GraphError) {
            return try body()
        } catch {
            throw .failed(.graph(error))
        }
    }
}

extension LogEntry {
    init(_ record: LogRecord, token: [UInt8]?, id: Digest?) {
        self.init(
            revision: UInt64(record.revision), kind: record.kind.rawValue, recordedAt: record.recordedAt,
            record: record.bytes, tokenID: id, token: token)
    }
}
