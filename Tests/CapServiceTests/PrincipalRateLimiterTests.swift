import Testing

@testable import CapService

@Suite struct PrincipalRateLimiterTests {
    @Test func allowsABurstThenTheRate() {
        let limiter = PrincipalRateLimiter(perSecond: 2, burst: 3)
        for _ in 0..<3 { #expect(limiter.check("did:key:a", at: 1_000) == .allowed) }
        #expect(limiter.check("did:key:a", at: 1_000) == .retryAfter(seconds: 1))
        #expect(limiter.check("did:key:b", at: 1_000) == .allowed)
        #expect(limiter.check("did:key:a", at: 500_999) == .retryAfter(seconds: 1))
        #expect(limiter.check("did:key:a", at: 501_000) == .allowed)
        #expect(limiter.check("did:key:a", at: 501_000) == .retryAfter(seconds: 1))
        // Long after, the whole burst is there again, and no more.
        for _ in 0..<3 { #expect(limiter.check("did:key:a", at: 9_000_000) == .allowed) }
        #expect(limiter.check("did:key:a", at: 9_000_000) == .retryAfter(seconds: 1))
    }

    @Test func waitingAsToldIsEnough() {
        let limiter = PrincipalRateLimiter(perSecond: 0.1, burst: 2)
        var now: Int64 = 0
        for _ in 0..<50 {
            guard case .retryAfter(let seconds) = limiter.check("k", at: now) else { continue }
            #expect(seconds >= 1 && seconds <= 10)
            now += Int64(seconds) * 1_000_000
            #expect(limiter.check("k", at: now) == .allowed)
        }
    }

    @Test func refusedRequestsDoNotPushTheLimitFurther() {
        let limiter = PrincipalRateLimiter(perSecond: 1, burst: 1)
        #expect(limiter.check("k", at: 0) == .allowed)
        for _ in 0..<1000 { #expect(limiter.check("k", at: 10) == .retryAfter(seconds: 1)) }
        #expect(limiter.check("k", at: 1_000_000) == .allowed)
    }

    @Test func forgetsTheKeyUsedLongestAgoAndNoOther() {
        let limiter = PrincipalRateLimiter(perSecond: 1, burst: 1, slots: 8)
        for index in 0..<8 { #expect(limiter.check("k\(index)", at: Int64(index)) == .allowed) }
        #expect(limiter.check("k0", at: 8) != .allowed)
        #expect(limiter.check("new", at: 9) == .allowed)  // takes the slot of k1
        for index in [0, 2, 3, 4, 5, 6, 7] { #expect(limiter.check("k\(index)", at: 10) != .allowed) }
        #expect(limiter.check("k1", at: 11) == .allowed)
    }

    @Test func neverExceedsRateAndBurstOverAnyWindow() {
        let seed = UInt64.random(in: 0 ... .max)
        var generator = SplitMix(seed: seed)
        for _ in 0..<200 {
            let interval = Int64.random(in: 1...100_000, using: &generator)
            let burst = Int.random(in: 1...20, using: &generator)
            let limiter = PrincipalRateLimiter(perSecond: 1_000_000 / Double(interval), burst: burst)
            var now: Int64 = 0
            var allowed = 0
            for _ in 0..<300 {
                now += Int64.random(in: 0...(interval * 2), using: &generator)
                if limiter.check("k", at: now) == .allowed { allowed += 1 }
                #expect(Int64(allowed) <= Int64(burst) + now / interval, "seed \(seed)")
            }
            #expect(allowed >= min(300, burst), "seed \(seed)")
        }
    }

    @Test func takesAbsurdSettings() {
        for rate in [0, -1, .infinity, .nan, 1e300] {
            let limiter = PrincipalRateLimiter(perSecond: rate, burst: .max, slots: -5)
            #expect(limiter.check("k", at: .max / 4) == .allowed)
        }
    }
}

/// Gives the same random numbers for the same seed.
private struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
