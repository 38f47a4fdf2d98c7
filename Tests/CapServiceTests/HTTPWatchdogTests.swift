import Testing

@testable import CapService

/// How connections that stay too long are ended. Every wait is a read that ends when the server ends the connection.
@Suite struct HTTPWatchdogTests {
    static let short: HTTPLimits = {
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(150)
        limits.idleDeadline = .milliseconds(150)
        limits.bodyGrace = .milliseconds(150)
        limits.bodyDeadline = .milliseconds(600)
        limits.requestDeadline = .milliseconds(150)
        limits.sendWindow = .milliseconds(150)
        limits.lingerDeadline = .milliseconds(150)
        return limits
    }()

    /// Sends `first` and then `drop` every few milliseconds until the server ends the connection; gives the drops sent.
    private func drip(_ socket: RawSocket?, _ first: String, _ drop: @escaping @Sendable (Int) -> String) -> Int {
        guard let socket else { return Int.max }
        socket.send(first)
        var drops = 0
        // Far more drops than the deadline allows; the loop ends by the server's doing.
        while drops < 2000, !socket.hasEnded(within: 5), socket.send(drop(drops)) { drops += 1 }
        return drops
    }

    @Test func answersAClientThatEndedItsSideAfterTheRequest() throws {
        var limits = HTTPLimits()
        limits.lingerDeadline = .milliseconds(20)
        let kept = Kept()
        try HTTPTestServer.run(limits: limits, handler: ClosureHandler { _, reply in kept.keep(reply) }) { server in
            let socket = try server.connect()
            socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            socket.endSending()
            kept.wait(for: 1)
            // The watchdog looks many times while the request is handled.
            let other = try server.connect()
            _ = other.hasEnded(within: 100)
            kept.take().forEach { $0.send(.json(Array("{}".utf8))) }
            #expect(socket.readResponse()?.text == "{}")
        }
    }

    @Test func endsAConnectionThatNeverSpeaks() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            let socket = try server.connect()
            #expect(socket.readToEnd() == ([], .closed))
        }
    }

    @Test func endsAConnectionThatStaysIdleAfterARequest() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            let socket = try server.connect()
            #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
            #expect(socket.readToEnd() == ([], .closed))
        }
    }

    @Test func endsAConnectionWhosePeerLeftWithItsLastBytes() throws {
        var limits = Self.short
        limits.idleDeadline = .seconds(600)
        try HTTPTestServer.run(limits: limits) { server in
            for _ in 0..<50 {
                let socket = try server.connect()
                socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                socket.endSending()
                #expect(socket.readResponse()?.status == 200)
                #expect(socket.readToEnd() == ([], .closed))
            }
        }
    }

    @Test func endsAHeadThatDrips() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            #expect(drip(RawSocket(port: server.port), "GET / HTTP/1.1\r\nHost: h\r\nX: ") { _ in "a" } < 2000)
        }
    }

    @Test func endsARequestLineThatDrips() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            #expect(drip(RawSocket(port: server.port), "GET /") { _ in "a" } < 2000)
        }
    }

    @Test func endsEmptyLinesThatDripBeforeARequest() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            #expect(drip(RawSocket(port: server.port), "") { _ in "\r\n" } < 2000)
        }
    }

    @Test func endsASecondHeadThatDripsThoughIdlingIsAllowed() throws {
        var limits = Self.short
        limits.idleDeadline = .seconds(600)
        try HTTPTestServer.run(limits: limits) { server in
            let socket = try server.connect()
            #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
            #expect(drip(socket, "GET / HTTP/1.1\r\nHost: h\r\nX: ") { _ in "a" } < 2000)
        }
    }

    @Test func endsABodyThatDrips() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            let counted = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10000\r\n\r\n"
            #expect(drip(RawSocket(port: server.port), counted) { _ in "a" } < 2000)
            let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            #expect(drip(RawSocket(port: server.port), chunked) { _ in "1\r\na\r\n" } < 2000)
        }
    }

    @Test func endsAChunkExtensionAndTrailersThatDrip() throws {
        try HTTPTestServer.run(limits: Self.short) { server in
            let start = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            #expect(drip(RawSocket(port: server.port), start + "1;") { _ in "a" } < 2000)
            #expect(drip(RawSocket(port: server.port), start + "0\r\n") { _ in "X: y\r\n" } < 2000)
        }
    }

    @Test func endsABodyThatIsFastEnoughButNeverEnds() throws {
        var limits = Self.short
        limits.bodyBytesPerSecond = 1
        limits.bodyBytes = 1 << 30
        try HTTPTestServer.run(limits: limits) { server in
            let start = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000\r\n\r\n"
            #expect(drip(RawSocket(port: server.port), start) { _ in "aaaaaaaaaa" } < 2000)
        }
    }

    @Test func leavesASteadyBodyAlone() throws {
        var limits = Self.short
        limits.bodyDeadline = .seconds(60)
        limits.bodyBytesPerSecond = 10
        try HTTPTestServer.run(limits: limits) { server in
            let socket = try server.connect()
            socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 60\r\n\r\n")
            // Longer than the grace, and far above the rate.
            for _ in 0..<60 where !socket.hasEnded(within: 5) { socket.send("a") }
            #expect(socket.readResponse()?.status == 200)
        }
    }

    @Test func answers504WhenTheHandlerIsLate() throws {
        let kept = Kept()
        try HTTPTestServer.run(limits: Self.short, handler: ClosureHandler { _, reply in kept.keep(reply) }) { server in
            let socket = try server.connect()
            let response = try #require(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
            #expect(response.status == 504)
            #expect(response.errorCode == "deadlineExceeded")
            // The late answer goes nowhere, in particular not to the next request.
            socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            kept.first?.send(HTTPResponse(status: 200))
            #expect(socket.readResponse()?.status == 504)
        }
    }

    @Test func endsAConnectionThatDoesNotTakeItsAnswer() throws {
        let handler = ClosureHandler { _, reply in
            reply.send(HTTPResponse(status: 200, body: .bytes([UInt8](repeating: 1, count: 64 << 20))))
        }
        try HTTPTestServer.run(limits: Self.short, handler: handler) { server in
            let socket = try server.connect()
            socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
            while server.server.connectionCount == 0 { Pause.briefly() }
            // Not a byte is read until the server has given up on the connection.
            while server.server.connectionCount > 0 { Pause.briefly() }
            let (bytes, _) = socket.readToEnd()
            #expect(bytes.count < 64 << 20)
        }
    }

    /// The more is held for a reader the faster it must take it, but never faster than a slow line can.
    @Test func whatMustBeTakenRisesWithWhatIsHeld() {
        let watchdog = HTTPWatchdog(HTTPCore(limits: HTTPLimits(), handler: EchoHandler(), log: .off))
        #expect(watchdog.bytesDue(in: 30_000, holding: 0) == 30 * 256)
        #expect(watchdog.bytesDue(in: 30_000, holding: 256 * 1024) == 128 * 1024)
        for bytes in [960 * 1024, 5 << 20, 8 << 20, 64 << 20] {
            #expect(watchdog.bytesDue(in: 30_000, holding: bytes) == 480 * 1024, "\(bytes)")
        }
        #expect(watchdog.bytesDue(in: 0, holding: 0) == 1)
    }

    /// With much held for it, a reader that would do for a short answer is cut.
    @Test(.timeLimit(.minutes(2))) func endsAReaderThatTakesTooLittleOfMuch() throws {
        var limits = Self.short
        limits.heldTime = .milliseconds(500)
        limits.heldBytesPerSecond = 1 << 30
        let handler = ClosureHandler { request, reply in
            let count = request.path == "/much" ? 16 << 20 : 1000
            reply.send(HTTPResponse(status: 200, body: .bytes([UInt8](repeating: 1, count: count))))
        }
        try HTTPTestServer.run(limits: limits, handler: handler) { server in
            let socket = try server.connect()
            socket.send("GET /much HTTP/1.1\r\nHost: h\r\n\r\n")
            // A piece now and then: at most 6 MB a second, where 32 are due.
            while !socket.hasEnded(within: 10), server.server.connectionCount > 0 { Pause.briefly(10) }
            #expect(server.server.connectionCount == 0)
            #expect(server.answer(to: "GET /little HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
        }
    }

    @Test func endsARefusedClientThatGoesOnSending() throws {
        var limits = Self.short
        limits.bodyBytes = 10
        try HTTPTestServer.run(limits: limits) { server in
            let socket = try server.connect()
            #expect(drip(socket, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n") { _ in "a" } < 2000)
        }
    }

    @Test func neverHitsAnotherConnectionWithTheSameSocketNumber() throws {
        // Idle connections are ended all the time while others, on the numbers they leave, must be answered.
        var limits = Self.short
        limits.headDeadline = .milliseconds(20)
        try HTTPTestServer.run(limits: limits) { server in
            for _ in 0..<300 {
                let silent = try server.connect()
                let speaking = try server.connect()
                #expect(speaking.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
                _ = silent.hasEnded(within: 1)
            }
        }
    }
}
