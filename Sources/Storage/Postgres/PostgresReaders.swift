import Synchronization

/// Lends connections for reading; one that was lost while nobody had it is replaced.
final class PostgresReaders: Sendable {
    private let pool: ConnectionPool<PostgresRows>
    private let limit: Int
    /// Who has to hold the store in what is read; nil where that is asked by nobody who answers.
    private let holder: PostgresHolder?
    /// The revision that this node knows to be kept: a database that is behind it is not the one that was read.
    let reached = Atomic<UInt64>(0)

    /// Milliseconds for which the server may say nothing to who connects or begins.
    private static let patience: Int32 = 3000
    /// Those for which it may say nothing to who reads.
    private let silence: Int32

    init(_ address: String, limit: Int, holder: PostgresHolder? = nil, silence: Int32 = 10_000) {
        self.limit = limit
        self.silence = silence
        self.holder = holder
        let patience = PostgresReaders.patience
        pool = ConnectionPool(limit: limit) { () throws(StorageError) in
            do throws(PostgresFailure) {
                let connection = try PostgresConnection(address, patience: patience)
                connection.silence = patience
                try connection.execute(PostgresSchema.readerSettings)
                return PostgresRows(connection)
            } catch {
                throw error.error
            }
        }
    }

    /// Lends a connection on one state of the database: the newest, all that was committed before the call. Throws
    /// `notFresh` where it lacks what this node has told others, and where another node may have written to it: what was let
    /// through by the graph of this one would be shown what came after.
    func take() throws(StorageError) -> PostgresRows {
        let reached = reached.load(ordering: .acquiring)
        let claim = holder?.claim
        let deadline = MonotonicDeadline(milliseconds: PostgresReaders.patience)
        var attempts = 0
        while true {
            let rows = try pool.take()
            do throws(PostgresFailure) {
                rows.connection.silence = PostgresReaders.patience
                let standing = try rows.connection.beginReading()
                rows.connection.silence = silence
                if standing.revision >= reached, claim?.holds(in: standing) ?? true { return rows }
                // Another server stands behind it from the next time on.
                rows.connection.close()
                throw PostgresFailure(
                    StorageError(
                        .notFresh,
                        """
                        the database at `\(rows.connection.server)` ends at \(standing.revision) and beat \(standing.beat), \
                        and is not this node's or misses what was kept
                        """,
                        hint: "find out whether an older state of it was brought back"))
            } catch {
                pool.giveBack(nil)
                attempts += 1
                // Each that lay idle may have been lost with the server that it was connected to.
                guard error.isConnectionLost, attempts <= limit, deadline.remaining > 0 else { throw error.error }
            }
        }
    }

    func giveBack(_ rows: PostgresRows) {
        rows.connection.rollBack()
        pool.giveBack(rows.connection.isLost ? nil : rows)
    }

    /// Runs `body` on one state of the database.
    func onOneState<Value>(_ body: (PostgresRows) throws -> Value) throws -> Value {
        let rows = try take()
        defer { giveBack(rows) }
        return try body(rows)
    }

    /// Does the same with what throws nothing else.
    func query<Value>(
        _ body: (PostgresConnection) throws(PostgresFailure) -> Value
    ) throws(StorageError) -> Value {
        let rows = try take()
        defer { giveBack(rows) }
        do throws(PostgresFailure) { return try body(rows.connection) } catch { throw error.error }
    }

    func close() { pool.close() }
}

/// Holds one consistent state of the tables until it is closed or let go.
///
/// Unchecked because one thread at a time uses it, as its owner sees to; the connection is in nobody else's hands.
final class PostgresReadSession: ReadSession, @unchecked Sendable {
    private let readers: PostgresReaders
    private var rows: PostgresRows?

    init(_ readers: PostgresReaders) throws(StorageError) {
        self.readers = readers
        rows = try readers.take()
    }

    deinit { close() }

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws { try opened().each(selection, body) }
    func count(_ selection: Selection) throws -> Int64 { try opened().count(selection) }
    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        try opened().sum(column, selection)
    }

    func close() {
        guard let rows else { return }
        self.rows = nil
        readers.giveBack(rows)
    }

    private func opened() throws(StorageError) -> PostgresRows {
        guard let rows else { throw StorageError(.closed, "the read session is closed") }
        return rows
    }
}
