import Multiformats

/// Remembers the statements that were used, in buckets by the minute in which each may be forgotten.
///
/// A use counts by its statement alone: one that comes again with another expiry was used. Whom no statement names has half of
/// the room at most, so that a flood of such keys leaves the other half to those who are known.
struct ReplaySet {
    private struct Bucket {
        var known: Set<Digest> = []
        var strange: Set<Digest> = []

        func contains(_ statement: Digest) -> Bool { known.contains(statement) || strange.contains(statement) }
    }

    private var buckets: [Int64: Bucket] = [:]
    /// Minutes that held marks when they were forgotten. Should the clock go back, what falls into them may have been
    /// used already, so it counts as used.
    private var forgotten: Set<Int64> = []
    private var knownCount = 0
    private var strangeCount = 0
    let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    var count: Int { knownCount + strangeCount }

    /// Whether there is no room for one mark more of somebody known, or of a stranger.
    func isFull(forStranger isStranger: Bool) -> Bool {
        count >= capacity || isStranger && strangeCount >= capacity / 2
    }

    private static func minute(_ expiresAt: Int64) -> Int64 { expiresAt / 60_000_000 }

    /// True when the mark is there, or may have been.
    func contains(_ mark: ReplayMark) -> Bool {
        let minute = Self.minute(mark.expiresAt)
        if forgotten.contains(minute) || buckets[minute]?.contains(mark.statement) == true { return true }
        // There are as many buckets as a use lives minutes: a handful.
        return buckets.values.contains { $0.contains(mark.statement) }
    }

    mutating func insert(_ mark: ReplayMark, ofStranger isStranger: Bool) {
        let minute = Self.minute(mark.expiresAt)
        guard buckets[minute]?.contains(mark.statement) != true else { return }
        if isStranger {
            buckets[minute, default: Bucket()].strange.insert(mark.statement)
            strangeCount += 1
        } else {
            buckets[minute, default: Bucket()].known.insert(mark.statement)
            knownCount += 1
        }
    }

    mutating func remove(_ mark: ReplayMark) {
        let minute = Self.minute(mark.expiresAt)
        if buckets[minute]?.known.remove(mark.statement) != nil { knownCount -= 1 }
        if buckets[minute]?.strange.remove(mark.statement) != nil { strangeCount -= 1 }
    }

    /// Forgets whole minutes that lie before `now`, in microseconds since 1970.
    mutating func forget(before now: Int64) {
        for minute in buckets.keys where minute < Self.minute(now) {
            guard let dropped = buckets.removeValue(forKey: minute) else { continue }
            guard !dropped.known.isEmpty || !dropped.strange.isEmpty else { continue }
            knownCount -= dropped.known.count
            strangeCount -= dropped.strange.count
            forgotten.insert(minute)
        }
    }
}
