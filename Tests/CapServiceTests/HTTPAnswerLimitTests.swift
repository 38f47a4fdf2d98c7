import CapTesting
import Synchronization
import Testing

@testable import CapService

/// What the server holds for clients that do not take their answers.
@Suite struct HTTPAnswerLimitTests {
    // Longer than what the system itself takes of an answer that nobody reads.
    private static let large = 8 * 1024 * 1024
    private static let call = "GET /large HTTP/1.1\r\nHost: h\r\n\r\n"

    private static let handler = ClosureHandler { request, reply in
        reply.send(.json([UInt8](repeating: 0x20, count: request.path == "/large" ? large : 256 * 1024)))
    }

    /// Long answers count until they are taken or their clients are gone; one network has a quarter of what all may have.
    @Test func longAnswersAreBoundedTogether() throws {
        var limits = HTTPLimits()
        limits.answerBytes = 8 * Self.large
        try HTTPTestServer.run(limits: limits, handler: Self.handler) { server in
            // As often as one likes, one after the other: what is sent is let go.
            for _ in 0..<3 { #expect(server.answer(to: Self.call)?.body.count == Self.large) }
            var held = try (0..<2).map { _ in
                let socket = try server.connect()
                socket.send(Self.call)
                #expect(!socket.hasEnded(within: 10_000), "an answer came")
                return socket
            }
            let refused = try #require(server.answer(to: Self.call))
            #expect(refused.status == 503 && refused.errorCode == "tooManyAnswers")
            #expect(refused.header("retry-after") != nil)
            let short = server.answer(to: "GET /short HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(short?.body.count == 256 * 1024, "a short one is not concerned")
            let elsewhere = try #require(RawSocket(port: server.port, from: [127, 0, 0, 2]))
            #expect(elsewhere.exchange(Self.call)?.status == 200)
            // Whoever takes an answer, or leaves amid it, gives back what was held.
            #expect(held.removeFirst().readResponse()?.body.count == Self.large)
            #expect(server.answer(to: Self.call)?.status == 200)
            held = []
            let third = try server.connect()
            third.send(Self.call)
            #expect(third.readResponse()?.status == 200)
            while server.server.connectionCount > 2 { Pause.briefly() }
            for _ in 0..<3 { #expect(third.exchange(Self.call)?.status == 200) }
        }
    }

    /// What is given back makes room for others of the same share, and nobody's share has no bound of its own.
    @Test func anAllowanceIsGivenBackOnce() {
        let holdings = HTTPHoldings(most: 100)
        do {
            let first = HTTPAllowance(holdings, of: "a")
            #expect(first.grow(to: 10) && first.grow(to: 25) && !first.grow(to: 26) && first.grow(to: 20))
            #expect(!HTTPAllowance(holdings, of: "a").grow(to: 6) && HTTPAllowance(holdings, of: "a").grow(to: 5))
        }
        for _ in 0..<3 { #expect(HTTPAllowance(holdings, of: "a").grow(to: 25)) }
        let known = HTTPAllowance(holdings, of: nil)
        #expect(known.grow(to: 80) && !HTTPAllowance(holdings, of: "b").grow(to: 21))
        #expect(HTTPAllowance(holdings, of: "b").grow(to: 20) && known.grow(to: 100) && !known.grow(to: 101))
    }

    /// Where something is shared out, an IPv6 site is one, and an IPv4 address written into IPv6 is that address.
    @Test func aShareIsThatOfASite() {
        let (one, two) = (IPAddress.share(of: "2001:db8:1:2::3"), IPAddress.share(of: "2001:db8:1:ffff::4"))
        #expect(one == two && one == "2001:db8:1::" && one != IPAddress.share(of: "2001:db8:2:2::3"))
        #expect(
            IPAddress.share(of: "192.0.2.1") == "192.0.2.1" && IPAddress.share(of: "::ffff:192.0.2.1") == "192.0.2.1")
        #expect(IPAddress.share(of: "local") == "local" && IPAddress("2001:db8:1:2::3")?.network == "2001:db8:1:2::")
    }
}
