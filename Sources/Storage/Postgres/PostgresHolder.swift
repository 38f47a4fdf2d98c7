import Glibc
import Synchronization
import Threading

/// Keeps one node the only one that serves a store, and renews its lease (postgres.md 1.4 and 6.1).
///
/// A session lock refuses a second node at its start. It goes with the connection, though, so each ordered transaction also
/// looks at the row that names the holder: a node whose place was taken while it was cut off writes nothing more. Nor does
/// it answer: its lease is renewed by writes to that row, which fail then, and is over before the next node begins.
final class PostgresHolder: Sendable {
    /// What this node is called in the row of the holder: 16 random bytes, new at each start.
    let node = PostgresHolder.randomName()
    let lease: PostgresLease
    private let address: String
    private let state: Mutex<State>
    private let monitor = Monitor()
    private let isClosed = Atomic<Bool>(false)
    private let thread = Mutex<SystemThread?>(nil)

    /// Unchecked because the only reference lives in a `Mutex`, which never hands it out.
    private final class State: @unchecked Sendable {
        var connection: PostgresConnection?
    }

    /// Milliseconds for which the server may keep a renewal waiting.
    private static let patience: Int32 = 3000

    /// Takes the store for this node; throws `locked` while another has it.
    ///
    /// Another node's end is waited for a little, as `options` say: a server may learn of it a moment after it came. A node
    /// that did not let go of the store may answer for as long as its lease lasts, which is waited for as well.
    init(_ address: String, options: PostgresEngine.Options) throws(StorageError) {
        self.address = address
        lease = PostgresLease(length: options.leaseMilliseconds)
        let kept = State()
        state = Mutex(kept)
        do throws(PostgresFailure) {
            let connection = try PostgresHolder.connect(address)
            let deadline = MonotonicDeadline(milliseconds: options.holderMilliseconds)
            while try !PostgresHolder.lock(connection) {
                guard deadline.remaining > 0 else {
                    throw PostgresFailure(
                        StorageError(
                            .locked, "another node serves the store at `\(connection.server)`",
                            hint: "stop it first; several nodes on one store are not supported yet"))
                }
                usleep(20_000)
            }
            let former = try take(connection)
            let end = MonotonicDeadline(milliseconds: former.map { PostgresLease.wait(for: $0) } ?? 0)
            while end.remaining > 0 { usleep(UInt32(end.remaining) * 1000) }
            kept.connection = connection
        } catch {
            throw error.error
        }
        renew()
        let made = SystemThread { [self] in keep() }
        guard let made else { throw StorageError(.internal, "the system gives no thread to renew a lease") }
        thread.withLock { $0 = made }
    }

    static func randomName() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    private static func connect(_ address: String) throws(PostgresFailure) -> PostgresConnection {
        let connection = try PostgresConnection(address, patience: patience)
        connection.silence = patience
        try connection.execute(PostgresSchema.writerSettings)
        return connection
    }

    /// Takes the session lock; false where another session has it.
    private static func lock(_ connection: PostgresConnection) throws(PostgresFailure) -> Bool {
        try connection.once("SELECT pg_try_advisory_lock(\(PostgresSchema.Lock.holder))").integer(0, 0) != 0
    }

    /// Writes this node into the row of the holder, behind the lock of the log. Gives the length of the lease of a node that
    /// did not let go.
    private func take(_ connection: PostgresConnection) throws(PostgresFailure) -> Int32? {
        try connection.execute(PostgresSchema.beginOrdered)
        let former = try connection.once("SELECT node IS NULL, lease FROM holder WHERE id = 1")
        guard former.rowCount == 1, let length = Int32(exactly: former.integer(0, 1)),
            (0...PostgresLease.maxLength).contains(length)
        else { throw PostgresFailure(.damaged("the holder", in: connection.server)) }
        try connection.once(
            "UPDATE holder SET node = $1, lease = $2, beat = 0 WHERE id = 1",
            [.bytes(node), .integer(Int64(lease.length))])
        // Rows of writers that went without a word; none works yet whose row this could be.
        try connection.once("DELETE FROM commit_tag")
        switch connection.commit() {
        case .committed: return former.integer(0, 0) != 0 ? nil : length
        case .failed(let failure): throw failure
        case .unknown: throw .lost(connection.server, "the store may or may not have been taken")
        }
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

    // MARK: the lease

    private func keep() {
        monitor.lock()
        while !isClosed.load(ordering: .acquiring) {
            _ = monitor.wait(milliseconds: Int64(max(lease.length / 4, 1)))
            guard !isClosed.load(ordering: .acquiring) else { break }
            monitor.unlock()
            renew()
            monitor.lock()
        }
        monitor.unlock()
    }

    /// Renews the lease, and takes the session lock again where its connection was lost, so that the next node is refused
    /// at its start and not this one at its next change. Where the lock is not to be had the row decides.
    func renew() {
        state.withLock { state in
            guard !isClosed.load(ordering: .acquiring) else { return }
            // A connection that was lost while nothing was asked of it is noticed only now.
            for _ in 0..<2 {
                do throws(PostgresFailure) {
                    let connection = try connected(state)
                    return try renew(on: connection)
                } catch {
                    // The lease runs out by itself.
                    state.connection?.close()
                }
            }
        }
    }

    private func connected(_ state: State) throws(PostgresFailure) -> PostgresConnection {
        if let connection = state.connection, !connection.isLost { return connection }
        let connection = try PostgresHolder.connect(address)
        state.connection = connection
        _ = try PostgresHolder.lock(connection)
        return connection
    }

    private func renew(on connection: PostgresConnection) throws(PostgresFailure) {
        // Before the write: this node held the store when it was made, and so at this time.
        let start = MonotonicDeadline.now
        let beat = try connection.query(
            "UPDATE holder SET beat = beat + 1 WHERE id = 1 AND node = $1", [.bytes(node)])
        guard beat.changeCount == 1 else { return lease.giveUp() }
        // A warning says that the write may not last; then it shows nothing.
        guard !connection.notices.warned else { return connection.close() }
        lease.renew(from: start)
    }

    /// Lets the next node start, at once where the server can be told.
    func close() {
        lease.giveUp()
        monitor.lock()
        isClosed.store(true, ordering: .releasing)
        monitor.unlock()
        monitor.wakeAll()
        let thread = thread.withLock { thread in
            defer { thread = nil }
            return thread
        }
        thread?.join()
        state.withLock { state in
            if let connection = state.connection, !connection.isLost {
                _ = try? connection.query("UPDATE holder SET node = NULL WHERE id = 1 AND node = $1", [.bytes(node)])
                connection.close()
            }
            state.connection = nil
        }
    }
}
