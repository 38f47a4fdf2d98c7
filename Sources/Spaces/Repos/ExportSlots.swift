import Synchronization

/// Bounds how many exports run at a time: each holds a connection for as long as its reader takes. One reader has a
/// quarter of them at most, all who show no name half.
final class ExportSlots: Sendable {
    private let limit: Int
    /// By who reads.
    private let taken = Mutex<[String: Int]>([:])

    init(limit: Int) { self.limit = limit }

    /// Throws `RateLimitExceeded` when all are taken, or all that one reader may have.
    func take(for reader: String?) throws(RateLimitExceeded) -> ExportSlot {
        let share = max(1, limit / (reader == nil ? 2 : 4))
        let reader = reader ?? ""
        let isFree = taken.withLock { taken in
            guard taken.values.reduce(0, +) < limit, taken[reader, default: 0] < share else { return false }
            taken[reader, default: 0] += 1
            return true
        }
        guard isFree else {
            throw RateLimitExceeded(limit: 0, remaining: 0, retryAfter: 1, message: "too many exports are running")
        }
        return ExportSlot(self, reader)
    }

    fileprivate func giveBack(_ reader: String) {
        taken.withLock { taken in
            let left = taken[reader, default: 1] - 1
            taken[reader] = left > 0 ? left : nil
        }
    }
}

/// One running export; the slot is free again when it goes.
final class ExportSlot: Sendable {
    private let slots: ExportSlots
    private let reader: String

    fileprivate init(_ slots: ExportSlots, _ reader: String) {
        self.slots = slots
        self.reader = reader
    }

    deinit { slots.giveBack(reader) }
}
