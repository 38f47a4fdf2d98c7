import Synchronization

/// Remembers answers of other hosts for a time, never more than a bounded number of them.
final class ResolutionCache<Value: Sendable>: Sendable {
    typealias Answer = Result<Value, ResolutionError>

    struct Entry: Sendable {
        let answer: Answer
        /// Milliseconds of the monotonic clock.
        let until: Int64
        /// When the entry was last asked anew although it was remembered, and how often since `windowStart`.
        var refreshes = 0
        var windowStart: Int64
    }

    private let entries = Mutex<[String: Entry]>([:])
    private let limit: Int
    private let lifetime: Int64
    private let failureLifetime: Int64
    private let now: @Sendable () -> Int64

    /// `lifetime` and `failureLifetime` are in seconds; `now` gives milliseconds that never go back.
    init(limit: Int, lifetime: Int64, failureLifetime: Int64, now: @escaping @Sendable () -> Int64) {
        self.limit = limit
        self.lifetime = lifetime * 1000
        self.failureLifetime = failureLifetime * 1000
        self.now = now
    }

    subscript(key: String) -> Answer? {
        let now = now()
        return entries.withLock { entries in
            guard let entry = entries[key] else { return nil }
            guard now < entry.until else {
                entries[key] = nil
                return nil
            }
            return entry.answer
        }
    }

    /// Keeps an answer; failures for a shorter time, and none where nobody was asked.
    func insert(_ answer: Answer, for key: String) {
        let now = now()
        var isFailure = false
        if case .failure(let error) = answer {
            if error.passing == .notAsked { return }
            isFailure = true
        }
        let until = now + (isFailure ? failureLifetime : lifetime)
        entries.withLock { entries in
            if entries.count >= limit, entries[key] == nil { Self.makeRoom(&entries, now) }
            let old = entries[key]
            entries[key] = Entry(
                answer: answer, until: until, refreshes: old?.refreshes ?? 0, windowStart: old?.windowStart ?? now)
        }
    }

    /// True when a remembered answer may be asked for anew: at most twelve times a minute a name, so that bad signatures
    /// cannot make this host hammer another one.
    func mayRefresh(_ key: String) -> Bool {
        let now = now()
        return entries.withLock { entries in
            guard var entry = entries[key] else { return true }
            if now - entry.windowStart >= 60_000 {
                entry.windowStart = now
                entry.refreshes = 0
            }
            entry.refreshes += 1
            entries[key] = entry
            return entry.refreshes <= 12
        }
    }

    /// Drops what has run out, and half of the rest when that is not enough.
    private static func makeRoom(_ entries: inout [String: Entry], _ now: Int64) {
        let before = entries.count
        entries = entries.filter { now < $0.value.until }
        guard entries.count * 4 > before * 3 else { return }
        // The order of a dictionary is seeded in each process: nobody can choose what goes.
        for key in Array(entries.keys.prefix(entries.count / 2)) { entries[key] = nil }
    }
}
