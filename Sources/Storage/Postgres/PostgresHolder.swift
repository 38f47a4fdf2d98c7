import Glibc
import Synchronization

/// Keeps one node the only one that serves a store (postgres.md 1.4).
///
/// A session lock refuses a second node at its start. It goes with the connection, though, so each ordered transaction also
/// looks at the row that names the holder: a node whose place was taken while it was cut off writes nothing more. It may
/// still read what it knew, for which a lease is needed that is not built (postgres.md 6).
final class PostgresHolder: Sendable {
    /// What this node is called in the row of the holder: 16 random bytes, new at each start.
    let node = PostgresHolder.randomName()
    private let address: String
    private let state: Mutex<State>

    /// Unchecked because the only reference lives in a `Mutex`, which never hands it out.
    private final class State: @unchecked Sendable {
        var connection: PostgresConnection?
    }

    /// Takes the store for this node; throws `locked` while another has it.
    ///
    /// It is waited for a little, `patience` milliseconds: a server may learn of a node's end a moment after it came.
    init(_ address: String, patience: Int32) throws(StorageError) {
        self.address = address
        let kept = State()
        state = Mutex(kept)
        do throws(PostgresFailure) {
            let connection = try PostgresHolder.connect(address)
            let deadline = MonotonicDeadline(milliseconds: patience)
            while try !PostgresHolder.lock(connection) {
                guard deadline.remaining > 0 else {
                    throw PostgresFailure(
                        StorageError(
                            .locked, "another node serves the store at `\(connection.server)`",
                            hint: "stop it first; several nodes on one store are not supported yet"))
                }
                usleep(20_000)
            }
            try take(connection)
            kept.connection = connection
        } catch {
            throw error.error
        }
    }

    static func randomName() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func connect(_ address: String) throws(PostgresFailure) -> PostgresConnection {
        let connection = try PostgresConnection(address)
        try connection.execute(PostgresSchema.writerSettings)
        return connection
    }

    /// Takes the session lock; false where another session has it.
    private static func lock(_ connection: PostgresConnection) throws(PostgresFailure) -> Bool {
        try connection.once("SELECT pg_try_advisory_lock(\(PostgresSchema.Lock.holder))").integer(0, 0) != 0
    }

    /// Throws `locked` unless this node still holds the store. Behind the lock of the log it then does so to the commit.
    func check(_ connection: PostgresConnection) throws(PostgresFailure) {
        let row = try connection.query("SELECT node FROM holder WHERE id = 1")
        guard row.rowCount == 1, row.bytes(0, 0) == node else {
            throw PostgresFailure(
                StorageError(
                    .locked, "another node has taken over the store at `\(connection.server)`",
                    hint: "start this one again once the other is stopped"))
        }
    }

    /// Writes this node into the row of the holder, behind the lock of the log.
    private func take(_ connection: PostgresConnection) throws(PostgresFailure) {
        try connection.execute(PostgresSchema.beginOrdered)
        let taken = try connection.once("UPDATE holder SET node = $1 WHERE id = 1", [.bytes(node)])
        guard taken.changeCount == 1 else { throw PostgresFailure(.damaged("the holder", in: connection.server)) }
        // Rows of writers that went without a word; none works yet whose row this could be.
        try connection.once("DELETE FROM commit_tag")
        switch connection.commit() {
        case .committed: break
        case .failed(let failure): throw failure
        case .unknown: throw .lost(connection.server, "the store may or may not have been taken")
        }
    }

    /// Takes the session lock again where its connection was lost, so that the next node is refused at its start and not
    /// this one at its next change. Where it is not to be had the row decides.
    func hold() {
        state.withLock { state in
            if let connection = state.connection, !connection.isLost {
                do throws(PostgresFailure) { try connection.execute("SELECT 1") } catch { connection.close() }
            }
            guard state.connection?.isLost ?? true else { return }
            do throws(PostgresFailure) {
                let connection = try PostgresHolder.connect(address)
                if try PostgresHolder.lock(connection) { state.connection = connection }
            } catch {}
        }
    }

    /// Lets the next node start.
    func close() {
        state.withLock { state in
            state.connection?.close()
            state.connection = nil
        }
    }
}
