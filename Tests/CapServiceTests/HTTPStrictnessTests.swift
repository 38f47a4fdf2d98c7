import Testing

@testable import CapService

/// What the server refuses, and with which stable code; the connection always closes after.
@Suite struct HTTPStrictnessTests {
    struct Refused: CustomTestStringConvertible {
        let testDescription: String
        let request: String
        let status: Int
        let code: String

        init(_ description: String, _ request: String, _ status: Int, _ code: HTTPRefusal) {
            testDescription = description
            self.request = request
            self.status = status
            self.code = code.rawValue
        }
    }

    static let refused: [Refused] = [
        Refused(
            "length and coding",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400, .conflictingLength
        ),
        Refused(
            "coding and length",
            "POST / HTTP/1.1\r\nHost: h\r\ntransfer-encoding: chunked\r\nCONTENT-LENGTH: 5\r\n\r\n0\r\n\r\n",
            400, .conflictingLength
        ),
        Refused(
            "equal lengths twice",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
            400, .repeatedLength
        ),
        Refused(
            "different lengths",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 7\r\n\r\na",
            400, .repeatedLength
        ),
        Refused("no host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400, .missingHost),
        Refused("no header at all", "GET / HTTP/1.1\r\n\r\n", 400, .missingHost),
        Refused("empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, .missingHost),
        Refused("host with a path", "GET / HTTP/1.1\r\nHost: h/x\r\n\r\n", 400, .missingHost),
        Refused("host with user information", "GET / HTTP/1.1\r\nHost: a@h\r\n\r\n", 400, .missingHost),
        Refused("two hosts", "GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400, .repeatedHost),
        Refused(
            "unknown coding",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", 501, .unsupportedTransferCoding
        ),
        Refused(
            "coding list",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, .unsupportedTransferCoding
        ),
        Refused(
            "chunked twice",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            501, .unsupportedTransferCoding
        ),
        Refused(
            "identity hidden by chunked",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            501, .unsupportedTransferCoding
        ),
        Refused(
            "chunked with a blank after",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n",
            501, .unsupportedTransferCoding
        ),
        Refused(
            "chunked in HTTP/1.0",
            "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501, .unsupportedTransferCoding
        ),
        Refused("blank before a colon", "GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", 400, .malformedRequest),
        Refused(
            "coding hidden by a blank",
            "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding : chunked\r\nContent-Length: 1\r\n\r\na",
            400, .malformedRequest
        ),
        Refused("no field name", "GET / HTTP/1.1\r\nHost: h\r\n: y\r\n\r\n", 400, .malformedRequest),
        Refused("folded field", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400, .malformedRequest),
        Refused(
            "folded into another name", "GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\t-Y\r\n\r\n", 400, .malformedRequest),
        Refused("folded first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400, .malformedRequest),
        Refused("bare line feed in the fields", "GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400, .malformedRequest),
        Refused("bare line feed after the request", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400, .malformedRequest),
        Refused("bare line feed at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400, .malformedRequest),
        Refused("bare line feeds only", "GET / HTTP/1.1\nHost: h\n\n", 400, .malformedRequest),
        Refused("bare carriage return", "GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400, .malformedRequest),
        Refused("zero byte in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400, .malformedRequest),
        Refused("zero byte ends a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\0\r\n\r\n", 400, .malformedRequest),
        Refused(
            "two zero bytes like a line end", "GET / HTTP/1.1\r\nHost: h\r\nX: a\0\0b\r\n\r\n", 400, .malformedRequest),
        Refused("zero byte and more as the end", "GET / HTTP/1.1\r\nHost: h\n\0E\n", 400, .malformedRequest),
        Refused("colon and more as the end", "GET / HTTP/1.1\r\nHost: h\n:E\n", 400, .malformedRequest),
        Refused(
            "zero byte like the end of the head",
            "POST / HTTP/1.1\r\nHost: h\r\n\0Content-Length: 5\r\n\r\n", 400, .malformedRequest
        ),
        Refused("control byte in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\u{1}b\r\n\r\n", 400, .malformedRequest),
        Refused("two spaces after the method", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedRequest),
        Refused("method that is no token", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedRequest),
        Refused("space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("two spaces before the version", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("tab in the target", "GET /a\tb HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("zero byte in the target", "GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedRequest),
        Refused("zero byte in the query", "GET /a?b\0c HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedRequest),
        Refused("text that is not ASCII in the target", "GET /é HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("fragment in the target", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("relative target", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("asterisk for GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("authority target", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400, .malformedTarget),
        Refused("unknown minor version", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505, .unsupportedVersion),
        Refused(
            "unknown expectation",
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: magic\r\nContent-Length: 1\r\n\r\na", 417, .unsupportedExpectation
        ),
        Refused(
            "target too long",
            "GET /\(String(repeating: "a", count: 8 * 1024)) HTTP/1.1\r\nHost: h\r\n\r\n", 414, .targetTooLong
        ),
        Refused(
            "too many fields",
            "GET / HTTP/1.1\r\nHost: h\r\n\(String(repeating: "X: y\r\n", count: 100))\r\n", 431, .headersTooLarge
        ),
        Refused(
            "fields too large",
            "GET / HTTP/1.1\r\nHost: h\r\nX: \(String(repeating: "a", count: HTTPLimits().headerBytes))\r\n\r\n", 431,
            .headersTooLarge
        ),
        Refused(
            "announced body too large",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n", 413, .bodyTooLarge
        ),
        Refused(
            "announced body too large, waiting for leave",
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\nExpect: 100-continue\r\n\r\n", 413, .bodyTooLarge
        ),
    ]

    @Test(arguments: refused)
    func refusesWithAStableCodeAndCloses(_ refused: Refused) throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            socket.send(refused.request)
            let response = try #require(socket.readResponse())
            #expect(response.status == refused.status)
            #expect(response.errorCode == refused.code)
            #expect(response.header("connection") == "close")
            #expect(response.header("content-type") == "application/json")
            socket.endSending()
            #expect(socket.readToEnd().bytes.isEmpty)
        }
    }

    struct Broken: CustomTestStringConvertible {
        let request: String
        let status: Int

        init(_ request: String, _ status: Int) {
            self.request = request
            self.status = status
        }

        var testDescription: String { request.debugDescription }
    }

    // What the library itself answers before the server sees anything: the right status, its own short page as body,
    // and the connection closes.
    static let broken: [Broken] = [
        Broken("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505),
        Broken("GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505),
        Broken("GET / http/1.1\r\nHost: h\r\n\r\n", 400),
        Broken("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400),
        Broken("GET /\r\nHost: h\r\n\r\n", 400),
        Broken("GET / HTTP/1.1\r\nHost h\r\n\r\n", 400),
        Broken("GET / HTTP/1.1\r\nHost: h\r\nX\0: y\r\n\r\n", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nabcde", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nabcde", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5 \r\n\r\nabcde", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nabcde", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nabcde", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nabcde", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\na", 413),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\na\r\n", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n", 400),
        Broken("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\na\r\n", 413),
    ]

    @Test(arguments: broken)
    func leavesBrokenSyntaxToTheLibrary(_ broken: Broken) throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            socket.send(broken.request)
            #expect(socket.readResponse()?.status == broken.status)
            #expect(socket.readToEnd().end != .timedOut)
        }
    }

    // Lenience of the library within a chunked body that does not reach the server: it hands over the bytes of the
    // chunks alone. A line feed without its carriage return ends a chunk line, so a proxy in front that disagrees would
    // have to pass such lines on unchanged.
    @Test func acceptsBareLineFeedsBetweenChunks() throws {
        try HTTPTestServer.run { server in
            let answer = server.answer(
                to: "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n"
            )
            #expect(answer?.text == "POST / - abc")
        }
    }

    // A trailer that begins with a colon or a zero byte ends the trailers for the library; what follows could be made to
    // look like a request only to it.
    @Test(arguments: ["", "X: y\r\n: z\r\n", "\0\r\n", "X: y\r\n\0\r\n"])
    func takesNoRequestAfterAChunkedBody(trailers: String) throws {
        try HTTPTestServer.run { server in
            let socket = try server.connect()
            socket.send(
                "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n" + trailers
                    + "GET /hidden: HTTP/1.1\r\nHost: h\r\n\r\n"
            )
            _ = socket.readResponse()
            socket.endSending()
            #expect(socket.readToEnd().bytes.isEmpty)
        }
    }

    // The library overwrites line ends and colons with zero bytes, so these cannot be told from CR LF afterwards.
    @Test(arguments: ["\0\n\0\n", "\r\n:\n", "\n:\r\n", "\0\r\n\n"])
    func takesZeroBytesAndAnEmptyFieldInThePlaceOfTheEnd(end: String) throws {
        try HTTPTestServer.run { server in
            #expect(server.answer(to: "GET /z HTTP/1.1\r\nHost: h\0\nX: y\(end)")?.text == "GET /z - ")
        }
    }

    // Nor does it show what it passed over before a request line.
    @Test func skipsALineThatBeginsWithAZeroByteBeforeARequest() throws {
        try HTTPTestServer.run { server in
            #expect(server.answer(to: "\0anything\r\nGET /z HTTP/1.1\r\nHost: h\r\n\r\n")?.text == "GET /z - ")
        }
    }

    @Test func skipsEmptyLinesBeforeARequest() throws {
        try HTTPTestServer.run { server in
            #expect(server.answer(to: "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
        }
    }

    @Test func answersARequestLineBeyondItsMemory() throws {
        try HTTPTestServer.run { server in
            let line = server.answer(to: "GET /\(String(repeating: "a", count: 200_000))")
            #expect(line?.status == 414)
            let field = server.answer(to: "GET / HTTP/1.1\r\nX: \(String(repeating: "a", count: 200_000))")
            #expect(field?.status == 431)
        }
    }

    @Test func survivesCookiesThatExhaustItsMemory() throws {
        let length = HTTPLimits().headerBytes - 1_000
        try HTTPTestServer.run { server in
            for filler in [",", ";", "a=b;", "\"", " "] {
                let cookie = String(String(repeating: filler, count: length).prefix(length))
                let socket = try server.connect()
                socket.send("GET / HTTP/1.1\r\nHost: h\r\nCookie: \(cookie)\r\n\r\n")
                let status = socket.readResponse()?.status
                #expect(status == 200 || status == 431)
            }
            #expect(server.answer(to: "GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
        }
    }

    @Test func takesAHeadOfExactlyTheLimit() throws {
        try HTTPTestServer.run { server in
            let start = "GET / HTTP/1.1\r\nHost: h\r\nX: "
            let fill = HTTPLimits().headerBytes - start.utf8.count - 4
            let fits = start + String(repeating: "a", count: fill) + "\r\n\r\n"
            #expect(server.answer(to: fits)?.status == 200)
            let exceeds = start + String(repeating: "a", count: fill + 1) + "\r\n\r\n"
            #expect(server.answer(to: exceeds)?.errorCode == "headersTooLarge")
        }
    }
}
