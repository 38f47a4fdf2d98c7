import Testing

@testable import CapService

/// How often accounts are made and passwords tried.
@Suite struct AccountLimitsTests {
    private func refusal(_ body: () throws(XRPCError) -> Void) -> XRPCError? {
        do throws(XRPCError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    @Test func aNameIsTriedABoundedNumberOfTimesFromOneAddress() throws {
        let limits = AccountLimits(isLoopback: false)
        for _ in 0..<30 { try limits.countAttempt("alice", "192.0.2.1") }
        let refused = try #require(refusal { () throws(XRPCError) in try limits.countAttempt("alice", "192.0.2.1") })
        #expect(refused.name == "RateLimitExceeded" && refused.status(isAlias: false) == 429)
        #expect(refused.retryAfter ?? 0 >= 1)
        try limits.countAttempt("bob", "192.0.2.1")
        try limits.countAttempt("alice", "192.0.2.2")
        for index in 0..<200 {
            _ = refusal { () throws(XRPCError) in try limits.countAttempt("x\(index)", "192.0.2.1") }
        }
        #expect(refusal { () throws(XRPCError) in try limits.countAttempt("new", "192.0.2.1") } != nil)
    }

    @Test func loopbackHasRoomForAHundredAccountsAMinute() throws {
        let (loopback, open) = (AccountLimits(isLoopback: true), AccountLimits(isLoopback: false))
        for _ in 0..<200 { try loopback.countCreation("127.0.0.1") }
        for _ in 0..<20 { try open.countCreation("192.0.2.1") }
        #expect(refusal { () throws(XRPCError) in try open.countCreation("192.0.2.1") }?.name == "RateLimitExceeded")
    }
}
