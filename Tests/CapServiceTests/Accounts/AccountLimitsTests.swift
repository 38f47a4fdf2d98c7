import CapTesting
import Identity
import Multiformats
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
        let limits = AccountLimits(accountsPerHour: 20, loginsPerMinute: 6)
        for _ in 0..<30 { try limits.countAttempt(SignInName("alice.example"), "192.0.2.1") }
        let refused = try #require(
            refusal { () throws(XRPCError) in try limits.countAttempt(SignInName("alice.example"), "192.0.2.1") })
        #expect(refused.name == "RateLimitExceeded" && refused.status(isAlias: false) == 429)
        #expect(refused.retryAfter ?? 0 >= 1)
        try limits.countAttempt(SignInName("bob.example"), "192.0.2.1")
        try limits.countAttempt(SignInName("alice.example"), "192.0.2.2")
        for index in 0..<200 {
            _ = refusal { () throws(XRPCError) in try limits.countAttempt(SignInName("x\(index).example"), "192.0.2.1")
            }
        }
        #expect(
            refusal { () throws(XRPCError) in try limits.countAttempt(SignInName("new.example"), "192.0.2.1") } != nil)
    }

    @Test func anAddressMakesABoundedNumberOfAccounts() throws {
        let (bounded, free) = (
            AccountLimits(accountsPerHour: 20, loginsPerMinute: 6),
            AccountLimits(accountsPerHour: 0, loginsPerMinute: 0)
        )
        for _ in 0..<20 { try bounded.countCreation("192.0.2.1") }
        #expect(refusal { () throws(XRPCError) in try bounded.countCreation("192.0.2.1") }?.name == "RateLimitExceeded")
        try bounded.countCreation("192.0.2.2")
        for _ in 0..<500 {
            try free.countCreation("127.0.0.1")
            try free.countAttempt(SignInName("alice.example"), "127.0.0.1")
        }
    }

    /// Where it listens tells nothing of who asks: a proxy on the same machine is the usual case.
    @Test func loopbackHasTheLimitsOfEverybody() throws {
        let service = try ServiceProcess(
            options: ["--registration", "open", "--accounts-per-hour", "2", "--logins-per-minute", "1"])
        let wire = Wire(service)
        func create(_ name: String) throws -> RawResponse {
            try wire.post(
                "/xrpc/com.atproto.server.createAccount", nil,
                json: ["handle": .string("\(name).localhost"), "password": .string("correct horse battery")])
        }
        let first = try create("aaaa")
        #expect(try [first.status] + ["b", "c"].map { try create($0 + "aaa").status } == [200, 200, 429])
        let did = try #require(first.json["did"]?.string)
        var statuses: [Int] = []
        // Whichever name of the account is tried, it is the same account.
        let names = ["aaaa.localhost", did, "@AAAA.localhost"]
        for index in 0..<9 {
            let answer = try wire.post(
                "/xrpc/com.atproto.server.createSession", nil,
                json: ["identifier": .string(names[index % 3]), "password": .string("wrong horse \(index)")])
            statuses.append(answer.status)
        }
        #expect(statuses == [401, 401, 401, 401, 401, 429, 429, 429, 429])
    }
}
