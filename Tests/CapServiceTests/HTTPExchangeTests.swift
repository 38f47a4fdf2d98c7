import Testing

@testable import CapService

/// What well-behaved clients see.
@Suite struct HTTPExchangeTests {
    @Test func answersSeveralRequestsOnOneConnection() throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            for index in 0..<20 {
                let response = try #require(socket.exchange("GET /n\(index)?a=b HTTP/1.1\r\nHost: h\r\n\r\n"))
                #expect(response.status == 200)
                #expect(response.text == "GET /n\(index) a=b ")
                #expect(response.header("x-from") == "127.0.0.1")
            }
        }
    }

    @Test func answersPipelinedRequestsInOrder() throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            let requests = (0..<50).map {
                $0 % 2 == 0
                    ? "GET /p\($0) HTTP/1.1\r\nHost: h\r\n\r\n"
                    : "POST /p\($0) HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
            }
            socket.send(requests.joined())
            for index in 0..<50 {
                let expected = index % 2 == 0 ? "GET /p\(index) - " : "POST /p\(index) - abc"
                #expect(socket.readResponse()?.text == expected)
            }
        }
    }

    @Test func readsChunkedBodiesHoweverTheyAreCut() throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            let request =
                "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n"
                + "5\r\nhello\r\n1;x=y\r\n \r\n00006\r\nworld!\r\n0\r\nX-Trailer: t\r\n\r\n"
            for byte in request.utf8 { socket.send([byte]) }
            let response = try #require(socket.readResponse())
            #expect(response.text == "PUT /c - hello world!")
            #expect(response.header("connection") == "close")
        }
    }

    @Test func servesHTTP10AndClosesUnlessAskedToStay() throws {
        try HTTPTestServer.run { server in
            let closing = try server.connect()
            closing.send("GET /old HTTP/1.0\r\n\r\n")
            #expect(closing.readResponse()?.text == "GET /old - ")
            #expect(closing.readToEnd().end == .closed)
            let staying = try server.connect()
            for _ in 0..<2 {
                #expect(staying.exchange("GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")?.status == 200)
            }
        }
    }

    @Test func answersHeadWithoutABodyAndOptionsForTheServer() throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            socket.send("HEAD /h HTTP/1.1\r\nHost: h\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n")
            let head = try #require(socket.readResponse(toHead: true))
            #expect(head.header("content-length") == "10")
            #expect(socket.readResponse()?.text == "OPTIONS * - ")
        }
    }

    @Test func asksForABodyThatWaitsToBeAskedFor() throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            socket.send("POST /e HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n")
            #expect(socket.readResponse()?.status == 100)
            socket.send("ok")
            #expect(socket.readResponse()?.text == "POST /e - ok")
        }
    }

    @Test func takesAnAbsoluteTargetOfItsOwnHostOnly() throws {
        try HTTPTestServer.run { server in
            let own = server.answer(to: "GET http://H:1/x?y HTTP/1.1\r\nHost: h:1\r\n\r\n")
            #expect(own?.text == "GET /x y ")
            let other = server.answer(to: "GET http://other/x HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(other?.errorCode == "malformedTarget")
        }
    }

    @Test func keepsALongQueryWholeAndTheConnectionUsable() throws {
        try HTTPTestServer.run { server in
            let query = String(repeating: "a&", count: 4000)
            let socket = try server.connect()
            for _ in 0..<3 {
                #expect(socket.exchange("GET /q?\(query) HTTP/1.1\r\nHost: h\r\n\r\n")?.text == "GET /q \(query) ")
            }
        }
    }

    @Test func servesManyConnectionsInParallel() throws {
        try HTTPTestServer.run { server in
            let sockets = try (0..<64).map { _ in try server.connect() }
            for round in 0..<16 {
                for (index, socket) in sockets.enumerated() {
                    socket.send(
                        "POST /m HTTP/1.1\r\nHost: h\r\nContent-Length: 8\r\n\r\n\(10_000_000 + round * 64 + index)")
                }
                for (index, socket) in sockets.enumerated() {
                    #expect(socket.readResponse()?.text == "POST /m - \(10_000_000 + round * 64 + index)")
                }
            }
            #expect(server.server.connectionCount == 64)
        }
    }
}
