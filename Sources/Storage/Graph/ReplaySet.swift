import Multiformats

/// Remembers the statements that were used, in buckets by the minute in which each may be forgotten.
///
/// A use counts by its statement alone: one that comes again with another expiry was used.
struct ReplaySet {
    private var buckets: [Int64: Set<Digest>] = [:]
    /// Minutes that held marks when they were forgotten. Should the clock go back, what falls into them may have been
    /// used already, so it counts as used.
    private var forgotten: Set<Int64> = []
    private(set) var count = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    var isFull: Bool { count >= capacity }

    private static func minute(_ expiresAt: Int64) -> Int64 { expiresAt / 60_000_000 }

    /// True when the mark is there, or may have been.
    func contains(_ mark: ReplayMark) -> Bool {
        let minute = Self.minute(mark.expiresAt)
        if forgotten.contains(minute) || buckets[minute]?.contains(mark.statement) == true { return true }
        // There are as many buckets as a use lives minutes: a handful.
        return buckets.values.contains { $0.contains(mark.statement) }
    }

    mutating func insert(_ mark: ReplayMark) {
        if buckets[Self.minute(mark.expiresAt), default: []].insert(mark.statement).inserted { count += 1 }
    }

    mutating func remove(_ mark: ReplayMark) {
        if buckets[Self.minute(mark.expiresAt)]?.remove(mark.statement) != nil { count -= 1 }
    }

    /// Forgets whole minutes that lie before `now`, in microseconds since 1970.
    mutating func forget(before now: Int64) {
        for minute in buckets.keys where minute < Self.minute(now) {
            guard let dropped = buckets.removeValue(forKey: minute), !dropped.isEmpty else { continue }
            count -= dropped.count
            forgotten.insert(minute)
        }
    }
}
