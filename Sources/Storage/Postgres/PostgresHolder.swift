import Glibc
import Multiformats
import Synchronization
import Threading

/// Keeps one node the only one that serves a store, and renews its lease (postgres.md 1.4 and 6.1).
///
/// A row names the holder, and a beat in it counts its renewals. Each ordered transaction looks at the row: a node whose
/// place was taken while it was cut off writes nothing more. Nor does it answer: its lease is renewed by writes to that
/// row, which fail then. The next node takes the row once it is let go, or once it has seen no beat for as long as the
/// lease of the holder lasts, by its own clock: the lease is over then, and whoever holds a connection counts for nothing.
final class PostgresHolder: Sendable {
    /// What this node is called in the row of the holder: 16 random bytes, new at each start.
    let node = PostgresHolder.randomName()
    let lease: PostgresLease
    private let address: String
    private let lost: (@Sendable () -> Void)?
    private let state: Mutex<State>
    private let wallClock: @Sendable () -> Int64
    private let renewalMilliseconds: Int32
    private let monitor = Monitor()
    private let isClosed = Atomic<Bool>(false)
    /// The last beat of this node that the server has acknowledged.
    private let beat = Atomic<Int64>(0)
    private let thread = Mutex<SystemThread?>(nil)
    private let settle = Mutex<(@Sendable () -> Void)?>(nil)
    private let settler = Mutex<SystemThread?>(nil)
    private let isSettling = Atomic<Bool>(false)

    /// Unchecked because the only reference lives in a `Mutex`, which never hands it out.
    private final class State: @unchecked Sendable {
        var connection: PostgresConnection?
    }

    /// What the row of the holder says.
    private struct Place: Equatable {
        /// Empty where nobody holds the store.
        let node: [UInt8]
        let beat: Int64
        /// Milliseconds.
        let lease: Int32
    }

    /// Milliseconds for which the server may keep a renewal waiting.
    private static let patience: Int32 = 3000
    /// Microseconds that the clock of a node may be from the server's, and those after its time for which a mark is kept: more
    /// than the clocks of two nodes can be apart.
    static let mostApart: Int64 = 1_000_000
    static let markMargin: Int64 = 3_000_000
    /// Milliseconds between two looks at a row that another node holds.
    private static let pause: UInt32 = 50

    /// Takes the store for this node, whose tables are there; throws `locked` while another has it, or where `options` let
    /// it wait, once it is told to wait no longer.
    init(_ address: String, options: PostgresEngine.Options) throws(StorageError) {
        self.address = address
        lost = options.lost
        wallClock = options.wallClock
        renewalMilliseconds = options.renewalMilliseconds
        lease = PostgresLease(length: options.leaseMilliseconds)
        let kept = State()
        state = Mutex(kept)
        do throws(PostgresFailure) {
            kept.connection = try taken(options)
        } catch {
            throw error.error
        }
        try renewFirst()
        let made = SystemThread { [self] in keep() }
        guard let made else { throw StorageError(.internal, "the system gives no thread to renew a lease") }
        thread.withLock { $0 = made }
    }

    /// Waits for the first renewal, without which this node could read nothing of what it opens.
    private func renewFirst() throws(StorageError) {
        let deadline = MonotonicDeadline(milliseconds: renewalMilliseconds)
        while true {
            renew()
            do throws(StorageError) { return try lease.enter() } catch {
                guard !lease.isGivenUp, deadline.remaining > 0 else {
                    close()
                    throw error
                }
            }
            usleep(PostgresHolder.pause * 1000)
        }
    }

    /// Has `body` run time and again while a change is in doubt, whether or not anybody writes.
    func whileInDoubt(_ body: @escaping @Sendable () -> Void) { settle.withLock { $0 = body } }

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

    // MARK: taking the store

    /// Waits until the store may be had, and takes it.
    private func taken(_ options: PostgresEngine.Options) throws(PostgresFailure) -> PostgresConnection {
        let deadline = MonotonicDeadline(milliseconds: options.holderMilliseconds)
        var connection = try PostgresHolder.connect(address)
        var seen: Place?
        var end = MonotonicDeadline(milliseconds: 0)
        while true {
            do throws(PostgresFailure) {
                if connection.isLost { connection = try PostgresHolder.connect(address) }
                let place = try PostgresHolder.place(connection)
                let isHeld = place != seen
                if isHeld { end = MonotonicDeadline(milliseconds: PostgresLease.wait(for: place.lease)) }
                if place.node.isEmpty || !isHeld && end.remaining == 0, try take(connection, from: place) {
                    return connection
                }
                // It beats: a node that is lost is seen without a change until its lease is over.
                if isHeld, seen != nil, options.waiting == nil, deadline.remaining == 0 { throw busy(connection) }
                seen = place
            } catch {
                let mayPass =
                    options.waiting == nil
                    ? error.isPassing && deadline.remaining > 0 : error.isPassing || error.isConnectionLost
                guard mayPass else { throw error }
                // Who could not look has not seen that nothing changed.
                if error.isConnectionLost { seen = nil }
            }
            if let waiting = options.waiting, !waiting() { throw busy(connection) }
            usleep(PostgresHolder.pause * 1000)
        }
    }

    private func busy(_ connection: PostgresConnection) -> PostgresFailure {
        PostgresFailure(
            StorageError(
                .locked, "another node serves the store at `\(connection.server)`",
                hint: "stop it first; one node serves a store at a time"))
    }

    private static func place(_ connection: PostgresConnection, lock: String = "") throws(PostgresFailure) -> Place {
        let row = try connection.once("SELECT coalesce(node, ''), beat, lease FROM holder WHERE id = 1\(lock)")
        guard row.rowCount == 1, let lease = Int32(exactly: row.integer(0, 2)),
            (0...PostgresLease.maxLength).contains(lease)
        else { throw PostgresFailure(.damaged("the holder", in: connection.server)) }
        return Place(node: row.bytes(0, 0), beat: row.integer(0, 1), lease: lease)
    }

    /// Writes this node into the row of the holder, behind the lock of the log; false where the row is not as it was seen.
    private func take(_ connection: PostgresConnection, from seen: Place) throws(PostgresFailure) -> Bool {
        do throws(PostgresFailure) {
            try connection.execute(PostgresSchema.beginOrdered)
            guard try PostgresHolder.place(connection, lock: " FOR UPDATE") == seen else {
                connection.rollBack()
                return false
            }
            let taken = try connection.once(
                "UPDATE holder SET node = $1, lease = $2, beat = beat + 1 WHERE id = 1 RETURNING beat",
                [.bytes(node), .integer(Int64(lease.length))])
            // One that turns out not to be kept is not this node's: it then asks for nothing.
            beat.store(taken.integer(0, 0), ordering: .releasing)
            // Rows of writers that went without a word; none works yet whose row this could be.
            try connection.once("DELETE FROM commit_tag")
        } catch {
            connection.rollBack()
            throw error
        }
        switch connection.commit() {
        case .committed: return true
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
        while true {
            monitor.lock()
            if !isClosed.load(ordering: .acquiring) { _ = monitor.wait(milliseconds: Int64(max(lease.length / 4, 1))) }
            let isOver = isClosed.load(ordering: .acquiring)
            monitor.unlock()
            if isOver { return }
            renew()
            if lease.isGivenUp {
                // One that closes gives up too, and lets go by itself.
                if isClosed.load(ordering: .acquiring) { return }
                // Whoever comes next is not to be kept waiting by one that does nothing more.
                letGo()
                lost?()
                return
            }
            if lease.isSuspended { beginSettling() }
        }
    }

    /// Renews the lease, on a new connection where the old one was lost.
    func renew() {
        state.withLock { state in
            // A connection that was lost while nothing was asked of it is noticed only now.
            for _ in 0..<2 {
                guard !isClosed.load(ordering: .acquiring), !lease.isGivenUp else { return }
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
        return connection
    }

    private func renew(on connection: PostgresConnection) throws(PostgresFailure) {
        // Before the write: this node held the store when it was made, and so at this time.
        let start = MonotonicDeadline.now
        let began = wallClock()
        let beat = try connection.query(
            "UPDATE holder SET beat = beat + 1 WHERE id = 1 AND node = $1 "
                + "RETURNING beat, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint", [.bytes(node)])
        guard beat.rowCount == 1 else { return lease.giveUp() }
        let (server, ended) = (beat.integer(0, 1), wallClock())
        // Who is followed by a node whose clock is behind its own would have let go of marks that still tell of a use.
        lease.setApart(max(began - server, server - ended) > PostgresHolder.mostApart)
        // A warning says that the write may not last; then it shows nothing.
        guard !connection.notices.warned else { return connection.close() }
        self.beat.store(beat.integer(0, 0), ordering: .releasing)
        lease.renew(from: start)
    }

    /// What a state of the database has to show that may be read: that this node held the store in it, after all that it was
    /// told before.
    var claim: Claim { Claim(node: Base16.encode(node), beat: beat.load(ordering: .acquiring)) }

    struct Claim {
        let node: String
        let beat: Int64

        func holds(in standing: PostgresConnection.Standing) -> Bool {
            standing.node == node && standing.beat >= beat
        }
    }

    /// Settles on a thread of its own: what waits for the lock of the log must not keep the lease waiting.
    private func beginSettling() {
        guard let settle = settle.withLock({ $0 }) else { return }
        settler.withLock { settler in
            guard !isSettling.exchange(true, ordering: .acquiringAndReleasing) else { return }
            settler?.join()
            settler = SystemThread { [self] in
                settle()
                isSettling.store(false, ordering: .releasing)
            }
            if settler == nil { isSettling.store(false, ordering: .releasing) }
        }
    }

    /// Says that this node holds the store no more, where the server can be told.
    private func letGo() {
        state.withLock { state in
            if let connection = state.connection, !connection.isLost {
                _ = try? connection.query("UPDATE holder SET node = NULL WHERE id = 1 AND node = $1", [.bytes(node)])
                connection.close()
            }
            state.connection = nil
        }
    }

    /// Waits for the end of a thread, unless it is the calling one: the last reference may go with it.
    private static func end(_ kept: borrowing Mutex<SystemThread?>) {
        let thread = kept.withLock { thread in
            defer { thread = nil }
            return thread
        }
        if let thread, !thread.isCurrent { thread.join() }
    }

    /// Ends the answers of a node that closes; what it still writes is not stopped by that.
    func prepareToClose() {
        monitor.lock()
        isClosed.store(true, ordering: .releasing)
        monitor.unlock()
        monitor.wakeAll()
        // After the flag: whoever sees the lease given up sees that it was closed.
        lease.giveUp()
    }

    /// Lets the next node start, at once where the server can be told.
    func close() {
        prepareToClose()
        PostgresHolder.end(thread)
        PostgresHolder.end(settler)
        letGo()
    }
}
