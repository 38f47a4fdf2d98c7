import Identity

/// Bounds how often accounts are made and passwords are tried, by the monotonic clock.
final class AccountLimits: Sendable {
    private let creations: PrincipalRateLimiter
    private let attempts: PrincipalRateLimiter
    private let attemptsByAddress: PrincipalRateLimiter

    /// On loopback there is room for tests: above 100 accounts a minute. Elsewhere an address makes 20 accounts an hour,
    /// and a name is tried 30 times in five minutes.
    init(isLoopback: Bool) {
        creations = PrincipalRateLimiter(perSecond: isLoopback ? 5 : 20.0 / 3600, burst: isLoopback ? 500 : 20)
        attempts = PrincipalRateLimiter(perSecond: isLoopback ? 2 : 0.1, burst: isLoopback ? 200 : 30)
        attemptsByAddress = PrincipalRateLimiter(perSecond: isLoopback ? 100 : 1, burst: isLoopback ? 2000 : 100)
    }

    /// Counts one account made from an address.
    func countCreation(_ address: String) throws(XRPCError) { try count(creations, address) }

    /// Counts one try of a name from an address, before the password is looked at.
    func countAttempt(_ identifier: String, _ address: String) throws(XRPCError) {
        try count(attemptsByAddress, address)
        try count(attempts, "\(identifier) \(address)")
    }

    private func count(_ limiter: PrincipalRateLimiter, _ key: String) throws(XRPCError) {
        guard case .retryAfter(let seconds) = limiter.check(key, at: MonotonicClock.milliseconds() * 1000) else {
            return
        }
        throw XRPCError("RateLimitExceeded", "too many requests", retryAfter: seconds)
    }
}
