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

    private static var refreshWindow: Int64 { 60_000 }
    private static var refreshesPerWindow: Int { 12 }

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

    /// Keeps an answer and gives what is known now. A failure is kept for a shorter time, and not at all where nobody was
    /// asked; what was good a moment ago is not forgotten because its host is away now.
    func settle(_ answer: Answer, for key: String) -> Answer {
        let now = now()
        return entries.withLock { entries in
            let old = entries[key].flatMap { now < $0.until ? $0 : nil }
            var kept = (answer: answer, until: now + lifetime)
            if case .failure(let error) = answer {
                kept.until = now + failureLifetime
                if error.code == .unreachable, let old, case .success = old.answer { kept = (old.answer, old.until) }
                if error.passing == .notAsked { return kept.answer }
            }
            if entries.count >= limit, entries[key] == nil { Self.makeRoom(&entries, now) }
            var entry = Entry(answer: kept.answer, until: kept.until, windowStart: now)
            if let old {
                let isSameWindow = now - old.windowStart < Self.refreshWindow
                entry.windowStart = isSameWindow ? old.windowStart : now
                entry.refreshes = (isSameWindow ? old.refreshes : 0) + 1
            }
            entries[key] = entry
            return kept.answer
        }
    }

    /// True when a remembered answer may be asked for anew: at most twelve times a minute a name, so that bad signatures
    /// cannot make this host hammer another one. What was not asked for want of room does not count.
    func mayRefresh(_ key: String) -> Bool {
        let now = now()
        return entries.withLock { entries in
            guard let entry = entries[key], now - entry.windowStart < Self.refreshWindow else { return true }
            return entry.refreshes < Self.refreshesPerWindow
        }
    }

    /// What will do for a caller without asking anybody; nil where its host is to be asked.
    func remembered(_ key: String, _ freshness: IdentityResolver.Freshness) throws(ResolutionError) -> Answer? {
        guard let known = self[key] else { return nil }
        if freshness == .remembered { return known }
        guard !mayRefresh(key) else { return nil }
        guard freshness == .certain else { return known }
        throw ResolutionError(.unreachable, "`\(key)` was asked too often lately", passing: .notAsked)
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
