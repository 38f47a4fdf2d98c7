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
}
