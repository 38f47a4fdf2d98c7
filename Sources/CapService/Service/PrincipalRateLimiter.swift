import Identity
import Synchronization

/// Bounds how often each principal, or each address, may ask: a token bucket a key, in fixed memory.
///
/// A bucket is kept as the moment at which it will be full again, so it takes one number and no upkeep. Keys share a
/// fixed number of slots in sets of eight; a new key takes the slot of its set that was used longest ago. The key
/// forgotten thereby begins anew with a full bucket, so slots should outnumber the keys active within one refill.
final class PrincipalRateLimiter: Sendable {
    enum Verdict: Hashable, Sendable {
        case allowed
        /// Whole seconds, at least 1, after which one request will be allowed.
        case retryAfter(seconds: Int)
    }

    private struct Slot {
        // Two independent hashes stand for the key: keys have no bounded length, slots do.
        var key = SIMD2<Int>(0, 0)
        var fullAt: Int64 = 0
        var usedAt: Int64 = .min
    }

    private static let ways = 8
    private let slots: Mutex<[Slot]>
    private let setCount: Int
    private let interval: Int64
    private let tolerance: Int64

    /// Allows `perSecond` requests a second in the long run and `burst` at once for each key, in `slots` slots.
    ///
    /// The rate is clamped to between one a day and a million a second, the burst to between 1 and a million.
    init(perSecond: Double, burst: Int, slots: Int = 16 * 1024) {
        let rate = perSecond.isFinite ? min(max(perSecond, 1 / 86_400), 1_000_000) : 1_000_000
        interval = max(1, Int64((1_000_000 / rate).rounded()))
        tolerance = interval * Int64(min(max(burst, 1), 1_000_000) - 1)
        setCount = max(1, slots / Self.ways)
        self.slots = Mutex(Array(repeating: Slot(), count: setCount * Self.ways))
    }

    /// Counts one request of `key` at `now`, in microseconds; after a step back of the clock at most one interval is waited.
    func check(_ key: String, at now: Int64) -> Verdict {
        let identity = Self.identity(key)
        let start = Int(UInt(bitPattern: identity[0]) % UInt(setCount)) * Self.ways
        return slots.withLock { slots in
            var place = start
            for index in start..<(start + Self.ways) {
                if slots[index].usedAt != .min, slots[index].key == identity {
                    place = index
                    break
                }
                if slots[index].usedAt < slots[place].usedAt { place = index }
            }
            if slots[place].usedAt == .min || slots[place].key != identity {
                slots[place] = Slot(key: identity, fullAt: now, usedAt: now)
            }
            slots[place].usedAt = now
            // No honest history leads further ahead than this: a clock that was set back must not shut anybody out.
            let fullAt = min(max(slots[place].fullAt, now), now + tolerance + interval)
            slots[place].fullAt = fullAt
            let wait = fullAt - now - tolerance
            guard wait <= 0 else {
                return .retryAfter(seconds: Int((wait + 999_999) / 1_000_000))
            }
            slots[place].fullAt = fullAt + interval
            return .allowed
        }
    }

    // Seeded in each process, so that nobody can choose keys that fall together.
    private static func identity(_ key: String) -> SIMD2<Int> {
        var key = key
        return key.withUTF8 { bytes in
            var first = Hasher()
            first.combine(bytes: UnsafeRawBufferPointer(bytes))
            var second = Hasher()
            second.combine(1)
            second.combine(bytes: UnsafeRawBufferPointer(bytes))
            return SIMD2(first.finalize(), second.finalize())
        }
    }
}

/// Bounds how often accounts are made and passwords are tried, by the monotonic clock.
final class AccountLimits: Sendable {
    private let creations: PrincipalRateLimiter?
    private let attempts: PrincipalRateLimiter?
    private let attemptsByAddress: PrincipalRateLimiter?

    /// An address makes so many accounts an hour. A name is tried from it so often a minute, the tries of five minutes at
    /// once, and all names together ten times as often. 0 is any number.
    init(accountsPerHour: Int, loginsPerMinute: Int) {
        func limiter(_ perSecond: Double, burst: Int) -> PrincipalRateLimiter? {
            burst == 0 ? nil : PrincipalRateLimiter(perSecond: perSecond, burst: burst)
        }
        let tries = Double(loginsPerMinute) / 60
        creations = limiter(Double(accountsPerHour) / 3600, burst: accountsPerHour)
        attempts = limiter(tries, burst: loginsPerMinute * 5)
        attemptsByAddress = limiter(tries * 10, burst: loginsPerMinute * 20)
    }

    /// Counts one account made from an address.
    func countCreation(_ address: String) throws(XRPCError) { try count(creations, address) }

    /// Counts one try of a name from an address, before the password is looked at.
    func countAttempt(_ name: SignInName, _ address: String) throws(XRPCError) {
        try count(attemptsByAddress, address)
        try count(attempts, "\(name.text) \(address)")
    }

    private func count(_ limiter: PrincipalRateLimiter?, _ key: String) throws(XRPCError) {
        guard let limiter, case .retryAfter(let seconds) = limiter.check(key, at: MonotonicClock.milliseconds() * 1000)
        else { return }
        throw XRPCError("RateLimitExceeded", "too many requests", retryAfter: seconds)
    }
}
