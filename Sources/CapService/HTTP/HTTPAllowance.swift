import Synchronization

/// Counts the bytes of one kind that the server holds, for all together and for each who has a share.
final class HTTPHoldings: Sendable {
    private struct State {
        var all = 0
        var shares: [String: Int] = [:]
    }

    private let state = Mutex(State())
    private let most: Int

    /// All together may be `most`, and one share a quarter of it.
    init(most: Int) { self.most = most }

    /// Adds to what is held, also where that is more than may be, and says whether it may be. What is nobody's share counts
    /// among all alone.
    fileprivate func count(_ bytes: Int, of share: String?) -> Bool {
        state.withLock { state in
            state.all += bytes
            guard let share else { return state.all <= most }
            let own = (state.shares[share] ?? 0) + bytes
            state.shares[share] = own == 0 ? nil : own
            return own <= most / 4 && state.all <= most
        }
    }
}

/// Counts one body, or one answer, that is no short one among all that the server holds, until it is let go.
final class HTTPAllowance: Sendable {
    private let holdings: HTTPHoldings
    private let share: String?
    private let held = Atomic<Int>(0)

    /// `share` names who has a share of the holdings; nil for what is held for somebody who is known.
    init(_ holdings: HTTPHoldings, of share: String?) {
        self.holdings = holdings
        self.share = share
    }

    deinit { _ = holdings.count(-held.load(ordering: .relaxed), of: share) }

    /// Counts as `count` bytes from now on; false when all together would be more than may be.
    func grow(to count: Int) -> Bool {
        let fits = holdings.count(count - held.load(ordering: .relaxed), of: share)
        held.store(count, ordering: .relaxed)
        return fits
    }
}
