import Synchronization

/// Who exports, by whom running exports are counted.
package enum ExportReader: Hashable, Sendable {
    /// An account or a key.
    case named(String)
    /// Who shows no name, at a network address.
    case nameless(network: String)
}

/// Bounds how many exports run at a time: each holds a connection for as long as its reader takes. One reader has a
/// quarter of them at most, all who show no name together half.
final class ExportSlots: Sendable {
    private let limit: Int
    private let taken = Mutex<[ExportReader: Int]>([:])

    init(limit: Int) { self.limit = limit }

    /// Throws `RateLimitExceeded` when all are taken, or all that one reader may have.
    func take(for reader: ExportReader) throws(RateLimitExceeded) -> ExportSlot {
        let isFree = taken.withLock { taken in
            guard taken.values.reduce(0, +) < limit, taken[reader, default: 0] < max(1, limit / 4) else { return false }
            if case .nameless = reader {
                let others = taken.reduce(0) { sum, one in
                    if case .nameless = one.key { sum + one.value } else { sum }
                }
                guard others < max(1, limit / 2) else { return false }
            }
            taken[reader, default: 0] += 1
            return true
        }
        guard isFree else {
            throw RateLimitExceeded(limit: 0, remaining: 0, retryAfter: 1, message: "too many exports are running")
        }
        return ExportSlot(self, reader)
    }

    fileprivate func giveBack(_ reader: ExportReader) {
        taken.withLock { taken in
            let left = taken[reader, default: 1] - 1
            taken[reader] = left > 0 ? left : nil
        }
    }
}

/// One running export; the slot is free again when it goes.
final class ExportSlot: Sendable {
    private let slots: ExportSlots
    private let reader: ExportReader

    fileprivate init(_ slots: ExportSlots, _ reader: ExportReader) {
        self.slots = slots
        self.reader = reader
    }

    deinit { slots.giveBack(reader) }
}
