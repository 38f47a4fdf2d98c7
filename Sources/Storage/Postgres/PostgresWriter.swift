import Glibc

/// Writes ordered transactions: one at a time over all nodes, behind the lock of the log (postgres.md 1.5).
///
/// Unchecked because the only reference lives in the `Mutex` of one `PostgresEngine`, which never hands it out.
final class PostgresWriter: @unchecked Sendable {
    private let address: String
    /// Who has to hold the store for this writer to write; nil for one that writes beside others.
    private let holder: PostgresHolder?
    private let options: PostgresEngine.Options
    private(set) var position: LogPosition
    private var link: Link?
    private var doubt: PostgresDoubt?
    /// Why nothing is written any more, ever.
    private var refusal: StorageError?

    /// A connection, and the row by which the server remembers its last commit.
    private final class Link {
        let rows: PostgresRows
        let tag: [UInt8]
        var sequence: Int64 = 0
        var connection: PostgresConnection { rows.connection }

        init(_ connection: PostgresConnection, tag: [UInt8]) {
            rows = PostgresRows(connection)
            self.tag = tag
        }
    }

    /// How often an ordered transaction is begun before it is given up.
    private static let maxAttempts = 5
    /// Milliseconds for which the server may say nothing to who connects, and to who writes.
    private static let patience: Int32 = 3000
    private static let silence: Int32 = 10_000

    init(_ address: String, holder: PostgresHolder?, options: PostgresEngine.Options) throws(StorageError) {
        self.address = address
        self.holder = holder
        self.options = options
        position = LogPosition()
        do throws(PostgresFailure) {
            let link = try linked()
            position = try link.connection.position()
            guard try link.connection.lastEntry(upTo: .max) == (position.revision, position.chain) else {
                throw PostgresFailure(.damaged("the end of the log", in: link.connection.server))
            }
        } catch {
            throw error.error
        }
    }

    /// Runs `body` in one ordered transaction, with the position that it moves; what it answers false to is taken back.
    ///
    /// Durable when it returns, and wholly absent when it throws, but for `inDoubt`: then nobody knows, and nothing more is
    /// written until that is settled. With `repeats` the body may run again after a connection was lost.
    func ordered(
        repeats: Bool = false,
        _ body: (PostgresRows, inout LogPosition) throws(StorageError) -> Bool
    ) throws(StorageError) {
        var attempts = 1
        while true {
            try settle()
            let link = try begin()
            var next = position
            do throws(StorageError) {
                guard try body(link.rows, &next) else { return link.connection.rollBack() }
            } catch {
                link.connection.rollBack()
                guard repeats, link.connection.isLost, attempts < 2 else { throw error }
                attempts += 1
                continue
            }
            if try commit(link, next) { return }
            guard repeats, attempts < 2 else {
                throw StorageError(
                    .unavailable, "the connection to `\(link.connection.server)` was lost before the change was kept",
                    hint: "try again")
            }
            attempts += 1
        }
    }

    func close() {
        refusal = StorageError(.closed, "the store is closed")
        if let link, !link.connection.isLost {
            _ = try? link.connection.query("DELETE FROM commit_tag WHERE connection = $1", [.bytes(link.tag)])
        }
        link = nil
    }

    // MARK: beginning

    private func linked() throws(PostgresFailure) -> Link {
        if let link, !link.connection.isLost { return link }
        let connection = try PostgresConnection(address, patience: PostgresWriter.patience)
        connection.silence = PostgresWriter.silence
        try connection.execute(PostgresSchema.writerSettings)
        let tag = PostgresHolder.randomName()
        try connection.query("INSERT INTO commit_tag(connection, sequence) VALUES($1, 0)", [.bytes(tag)])
        if let old = link {
            try connection.query("DELETE FROM commit_tag WHERE connection = $1", [.bytes(old.tag)])
        }
        // Whatever took this connection may have taken that of the holder too.
        if link != nil { holder?.renew() }
        let made = Link(connection, tag: tag)
        link = made
        return made
    }

    /// Begins a transaction that has the lock of the log, and stands where the log ends.
    private func begin() throws(StorageError) -> Link {
        var attempts = 1
        while true {
            // Who writes waits for no server that this node does not hear: the change is refused, and may be made again.
            try holder?.lease.enter()
            do throws(PostgresFailure) {
                let link = try linked()
                do throws(PostgresFailure) {
                    try link.connection.execute(PostgresSchema.beginOrdered)
                    try catchUp(link.connection)
                    return link
                } catch {
                    link.connection.rollBack()
                    throw error
                }
            } catch {
                guard error.isConnectionLost || error.isPassing, attempts < PostgresWriter.maxAttempts else {
                    throw error.error
                }
                // A server that does not answer now may not for long; one that hung up may have come back.
                attempts += error.isConnectionLost ? 2 : 1
            }
        }
    }

    /// Learns what others appended since. Under the lock of the log, so that what is read is the end until the commit.
    private func catchUp(_ connection: PostgresConnection) throws(PostgresFailure) {
        do throws(PostgresFailure) { try holder?.check(connection) } catch {
            if error.error.code == .locked { throw refuse(error.error) }
            throw error
        }
        let head = try connection.position()
        guard head != position else { return }
        guard holder == nil, head.revision > position.revision else {
            throw refuse(
                StorageError(
                    .corrupt, "the log at `\(connection.server)` is not the one that was read",
                    hint: "start again, and find out who changed it"))
        }
        var reached = position
        while reached.revision < head.revision {
            let rows = try connection.entries(above: reached, upTo: head.revision)
            guard rows.rowCount > 0 else { break }
            for row in 0..<rows.rowCount { _ = try rows.advance(&reached, row, connection.server) }
        }
        guard reached.revision == head.revision, reached.chain == head.chain else {
            throw PostgresFailure(.damaged("the end of the log", in: connection.server))
        }
        position = head
    }

    /// Writes nothing from here on, nor lets anything be answered.
    private func refuse(_ error: StorageError) -> PostgresFailure {
        refusal = error
        holder?.lease.giveUp()
        return PostgresFailure(error)
    }

    // MARK: ending

    /// Commits; false when nothing was kept because the connection was lost.
    private func commit(_ link: Link, _ next: LogPosition) throws(StorageError) -> Bool {
        let sequence = link.sequence + 1
        do throws(PostgresFailure) {
            let tagged = try link.connection.query(
                "UPDATE commit_tag SET sequence = $2 WHERE connection = $1", [.bytes(link.tag), .integer(sequence)])
            guard tagged.changeCount == 1 else {
                throw PostgresFailure(StorageError(.internal, "a writer's row at `\(link.connection.server)` is gone"))
            }
        } catch {
            link.connection.rollBack()
            if error.isConnectionLost { return false }
            throw error.error
        }
        switch link.connection.commit() {
        case .committed:
            link.sequence = sequence
            position = next
            return true
        case .failed(let failure):
            if failure.isConnectionLost { return false }
            link.connection.rollBack()
            throw failure.error
        case .unknown:
            link.connection.close()
            doubt = PostgresDoubt(tag: link.tag, sequence: sequence, next: next)
            return try settle()
        }
    }

    /// Finds out what became of a commit in doubt (1.5 step 10): true where it was kept. Throws `inDoubt` while that cannot
    /// be had, and for ever once what was told to be in doubt turns out to have been kept.
    @discardableResult
    func settle() throws(StorageError) -> Bool {
        if let refusal { throw refusal }
        guard var doubt else { return false }
        let isFirst = !doubt.isTold
        let deadline = MonotonicDeadline(milliseconds: isFirst ? options.settleMilliseconds : 0)
        var reason = StorageError(.inDoubt, "a change may or may not have been kept", hint: "ask again in a moment")
        guard isFirst || MonotonicDeadline.now >= doubt.notBefore else { throw reason }
        repeat {
            do throws(PostgresFailure) {
                let wasKept = try ask(doubt)
                self.doubt = nil
                guard wasKept else {
                    holder?.lease.suspend(false)
                    return false
                }
                if isFirst {
                    position = doubt.next
                    return true
                }
                // The change was told to be in doubt and is not in the graph of this node.
                throw refuse(
                    StorageError(
                        .inDoubt, "a change that was in doubt was kept, and this node does not know it",
                        hint: "start the node again"))
            } catch {
                // Why nothing more is written is said from the next change on; of this one it is only known to be in doubt.
                if let refusal {
                    guard isFirst else { throw refusal }
                    throw StorageError(.inDoubt, "\(reason.message): \(refusal.message)", hint: refusal.hint)
                }
                reason = StorageError(.inDoubt, "\(reason.message): \(error.error.message)", hint: reason.hint)
                if deadline.remaining > 0 { usleep(20_000) }
            }
        } while deadline.remaining > 0
        doubt.isTold = true
        // What this node knows may miss a change that others will see.
        holder?.lease.suspend(true)
        doubt.notBefore = MonotonicDeadline.now + options.settlePauseMilliseconds
        self.doubt = doubt
        throw reason
    }

    private func ask(_ doubt: PostgresDoubt) throws(PostgresFailure) -> Bool {
        do throws(PostgresFailure) {
            return try doubt.wasKept(
                at: address, patience: min(options.settleMilliseconds, 2000), holder: holder)
        } catch {
            // Another node has the store, or the database has lost what it was told before: nothing that is known here
            // can be built on.
            if error.error.code == .corrupt || error.error.code == .locked && !error.isPassing {
                throw refuse(error.error)
            }
            throw error
        }
    }
}
