import Synchronization

/// For how long a node may answer from what it knows without asking the database (postgres.md 6.1).
///
/// Whoever takes the store from a node that did not let go of it has seen no renewal for as long as that one's lease may
/// last, by its own clock: so no node answers from a graph that misses what another has acknowledged. The clocks of
/// two nodes are never compared.
final class PostgresLease: Sendable {
    /// How long one renewal lasts, in milliseconds.
    let length: Int32
    /// When it ends, in milliseconds of `MonotonicDeadline`; 0 before the first renewal.
    private let end = Atomic<Int64>(0)
    private let givenUp = Atomic<Bool>(false)
    private let suspended = Atomic<Bool>(false)
    private let apart = Atomic<Bool>(false)

    /// The longest that a node may ask for, which is what the next one may have to wait.
    static let maxLength: Int32 = 60_000

    init(length: Int32) { self.length = min(max(length, 1), PostgresLease.maxLength) }

    /// Takes a renewal whose write began at `start`: what the write found was so at that time or later.
    func renew(from start: Int64) { end.store(start + Int64(length), ordering: .sequentiallyConsistent) }

    /// Answers nothing more, ever.
    func giveUp() { givenUp.store(true, ordering: .sequentiallyConsistent) }

    var isGivenUp: Bool { givenUp.load(ordering: .sequentiallyConsistent) }

    /// Answers nothing while a change is in doubt that this node may not know.
    func suspend(_ isSuspended: Bool) { suspended.store(isSuspended, ordering: .sequentiallyConsistent) }

    /// Answers nothing while the clocks of this node and of the server are too far from one another.
    func setApart(_ isApart: Bool) { apart.store(isApart, ordering: .sequentiallyConsistent) }

    var isSuspended: Bool { suspended.load(ordering: .sequentiallyConsistent) }

    /// Throws `notFresh` unless the lease lasts now. What is answered has to be looked up after this: what was looked up
    /// before, by a thread that then slept, may be older than the lease.
    func enter() throws(StorageError) {
        guard !apart.load(ordering: .sequentiallyConsistent) else {
            throw StorageError(
                .notFresh, "the clocks of this node and of the database are more than a second apart",
                hint: "set both by the same source of time")
        }
        guard !isGivenUp, !isSuspended, MonotonicDeadline.now < end.load(ordering: .sequentiallyConsistent) else {
            throw StorageError(
                .notFresh, "this node cannot show that what it knows is the newest", hint: "ask again in a moment")
        }
    }

    /// How long, in milliseconds, one waits for the end of a lease of `length` that another clock measures, which may go
    /// slower by a thousandth.
    static func wait(for length: Int32) -> Int32 { length + length / 1000 + 2 }
}
