import Synchronization

/// Counts one large body among all that the server holds, until it is let go.
///
/// A body within the usual limit is bounded by the number of connections; one that earned more is bounded by this too.
final class HTTPBodyAllowance: Sendable {
    private let core: HTTPCore
    private let held = Atomic<Int>(0)

    init(_ core: HTTPCore) { self.core = core }

    deinit { core.earnedBytesHeld.subtract(held.load(ordering: .relaxed), ordering: .relaxed) }

    /// Counts the body as one of `count` bytes; false when all together would be more than may be held.
    func grow(to count: Int) -> Bool {
        let more = count - held.load(ordering: .relaxed)
        let all = core.earnedBytesHeld.add(more, ordering: .relaxed).newValue
        held.store(count, ordering: .relaxed)
        return all <= core.limits.earnedBytes
    }
}
