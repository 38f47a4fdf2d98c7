import CapTesting
import Testing

@testable import CapService

/// How a body that is too large is refused, and what of the refusal the client gets to see.
@Suite struct HTTPBodyLimitTests {
    static let limits: HTTPLimits = {
        var limits = HTTPLimits()
        limits.bodyBytes = 1000
        limits.bodyLimit = { method, path in path == "/large" && method == .put ? 100_000 : 1000 }
        return limits
    }()

    @Test func takesABodyOfExactlyTheLimit() throws {
        try HTTPTestServer.run(limits: Self.limits) { server in
            let body = String(repeating: "b", count: 1000)
            let counted = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n\(body)"
            #expect(server.answer(to: counted)?.text == "POST / - \(body)")
            let chunked = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n\(body)\r\n0\r\n\r\n"
            #expect(server.answer(to: chunked)?.text == "POST / - \(body)")
        }
    }

    @Test func appliesTheLimitOfTheRoute() throws {
        try HTTPTestServer.run(limits: Self.limits) { server in
            let body = String(repeating: "b", count: 100_000)
            let put = "PUT /large HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n\(body)"
            #expect(server.answer(to: put)?.status == 200)
            let post = "POST /large HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n\(body)"
            #expect(server.answer(to: post)?.errorCode == "bodyTooLarge")
        }
    }

    @Test func refusesAnAnnouncedBodyAtOnceAndLetsTheClientReadWhy() throws {
        try HTTPTestServer.run(limits: Self.limits) { server in
            let socket = try server.connect()
            socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n")
            #expect(socket.readResponse()?.errorCode == "bodyTooLarge")
            // The rest may still be sent without a reset destroying the answer.
            #expect(socket.send([UInt8](repeating: 0, count: 100_000)))
            #expect(socket.readToEnd() == ([], .closed))
        }
    }

    @Test func cutsAChunkedBodyThatGrowsTooLarge() throws {
        try HTTPTestServer.run(limits: Self.limits) { server in
            let socket = try server.connect()
            socket.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
            for _ in 0..<11 { socket.send("64\r\n\(String(repeating: "c", count: 100))\r\n") }
            let response = try #require(socket.readResponse())
            #expect(response.status == 413)
            #expect(response.errorCode == "bodyTooLarge")
            #expect(socket.readToEnd() == ([], .closed))
        }
    }

    @Test func cutsAClientThatNeverStopsSending() throws {
        try HTTPTestServer.run(limits: Self.limits) { server in
            let socket = try server.connect()
            socket.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n")
            let piece = [UInt8](repeating: 0, count: 64 * 1024)
            var sent = 0
            while sent < 100_000_000, socket.send(piece) { sent += piece.count }
            #expect(sent < 50_000_000)
        }
    }

    @Test func bodiesThatEarnedTheirLimitsAreBoundedTogether() throws {
        var limits = Self.limits
        limits.earnedLimit = { _ in .bytes(5000, isProven: true) }
        limits.earnedBytes = 12_000
        try HTTPTestServer.run(limits: limits) { server in
            let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n"
            func piece(_ count: Int) -> String { String(repeating: "b", count: count) }
            // As often as one likes, one after the other: what is answered is let go.
            for _ in 0..<10 { #expect(server.answer(to: head + piece(5000))?.status == 200) }
            // Refused and given up bodies are let go too; only the bytes that came count.
            for _ in 0..<10 {
                let socket = try server.connect()
                socket.send(head + piece(4000))
                socket.endSending()
                _ = socket.readToEnd()
            }
            let slow = try (0..<2).map { _ in try server.connect() }
            for socket in slow { socket.send(head + piece(4999)) }
            // They are counted when the server has read them, which shows by what it still lets in.
            var third = server.answer(to: head + piece(5000))
            while third?.status == 200 { third = server.answer(to: head + piece(5000)) }
            #expect(third?.status == 503 && third?.errorCode == "tooManyBodies")
            // Usual bodies are not concerned, and those before are taken.
            let small = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n\(piece(1000))"
            #expect(server.answer(to: small)?.status == 200)
            for socket in slow {
                socket.send("b")
                #expect(socket.readResponse()?.status == 200)
            }
            #expect(server.answer(to: head + piece(5000))?.status == 200)
        }
    }

    /// What is no short body counts on every route, and the bodies of one network have a quarter of what all may have.
    @Test func bodiesWithinTheLimitAreBoundedTogetherToo() throws {
        var limits = Self.limits
        limits.bodyBytes = 5000
        limits.bodyLimit = nil
        limits.uncountedBodyBytes = 1000
        limits.unprovenBytes = 48_000
        try HTTPTestServer.run(limits: limits) { server in
            func call(_ count: Int) -> String {
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(count)\r\n\r\n\(String(repeating: "b", count: count))"
            }
            for _ in 0..<10 { #expect(server.answer(to: call(5000))?.status == 200) }
            let slow = try (0..<2).map { _ in try server.connect() }
            for socket in slow { socket.send(String(call(5000).dropLast())) }
            // They count when the server has read them, which shows by what it still lets in.
            var third = server.answer(to: call(5000))
            while third?.status == 200 { third = server.answer(to: call(5000)) }
            #expect(third?.status == 503 && third?.errorCode == "tooManyBodies")
            #expect(server.answer(to: call(1000))?.status == 200, "a short one is not concerned")
            let elsewhere = try #require(RawSocket(port: server.port, from: [127, 0, 0, 2]))
            #expect(elsewhere.exchange(call(5000))?.status == 200)
            for socket in slow {
                socket.send("b")
                #expect(socket.readResponse()?.status == 200)
            }
            #expect(server.answer(to: call(5000))?.status == 200)
        }
    }

    @Test func aHeadMayEarnMoreAndIsAskedOnce() throws {
        let asked = Locked(0)
        var limits = Self.limits
        limits.earnedLimit = { request in
            asked.withLock { $0 += 1 }
            return request.path == "/" && request.headers["X-Pass"] != nil ? .bytes(5000, isProven: true) : .nothing
        }
        try HTTPTestServer.run(limits: limits) { server in
            let body = String(repeating: "b", count: 5000)
            func counted(_ path: String, _ header: String, _ body: String) -> RawResponse? {
                server.answer(
                    to: "POST \(path) HTTP/1.1\r\nHost: h\r\n\(header)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
                )
            }
            #expect(counted("/", "X-Pass: 1\r\n", "small")?.status == 200)
            #expect(asked.withLock { $0 } == 0, "a body within the limit earns nothing")
            #expect(counted("/", "X-Pass: 1\r\n", body)?.text == "POST / - \(body)")
            #expect(counted("/", "", body)?.errorCode == "bodyTooLarge")
            #expect(counted("/other", "X-Pass: 1\r\n", body)?.errorCode == "bodyTooLarge")
            #expect(counted("/", "X-Pass: 1\r\n", body + "b")?.errorCode == "bodyTooLarge")
            #expect(asked.withLock { $0 } == 4)
            let pieces = String(repeating: "64\r\n\(String(repeating: "c", count: 100))\r\n", count: 50)
            let chunked =
                "POST / HTTP/1.1\r\nHost: h\r\nX-Pass: 1\r\nTransfer-Encoding: chunked\r\n\r\n\(pieces)0\r\n\r\n"
            #expect(server.answer(to: chunked)?.status == 200)
            #expect(asked.withLock { $0 } == 5, "a body in pieces asks once")
        }
    }
}
