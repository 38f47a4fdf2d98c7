import Synchronization
import UCAN

/// Notices that the clock went back: until it has caught up, uses of the minutes it was ahead in count as made, because the
/// marks of those minutes are forgotten (docs/decisions/replay-marks.md).
final class ClockWatch: Sendable {
    private let newest = Atomic<Int64>(.min)
    private let told = Atomic<Int64>(.min)

    /// Takes a reading; gives how far it lies behind the newest, in whole seconds, when that has to be told of: once for
    /// each step back of more than a second.
    func read(_ now: Timestamp) -> Int64? {
        let seen = newest.max(now.microseconds, ordering: .relaxed).oldValue
        guard seen > now.microseconds, let behind = behind(now), behind > 1 else { return nil }
        return told.exchange(seen, ordering: .relaxed) == seen ? nil : behind
    }

    /// Whole seconds that an instant lies behind the newest reading; nil when it is the newest.
    func behind(_ now: Timestamp) -> Int64? {
        let seen = newest.load(ordering: .relaxed)
        guard seen > now.microseconds else { return nil }
        return (seen - now.microseconds) / 1_000_000
    }
}
