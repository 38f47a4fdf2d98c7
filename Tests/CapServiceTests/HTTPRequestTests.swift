import Testing

@testable import CapService

/// Headers, queries and paths as handlers read them.
@Suite struct HTTPRequestTests {
    @Test func readsHeadersWithoutRegardToCaseAndTrimmed() throws {
        try HTTPTestServer.run(
            handler: ClosureHandler { request, reply in
                let all = request.headers.all.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
                let first = request.headers["x-list"] ?? "none"
                let raw = request.headers.bytes("X-RAW")?.count ?? -1
                let text = request.headers["x-raw"] ?? "none"
                let lists = request.headers.values("X-List").count
                reply.send(.json(Array("\(all) \(first) \(lists) \(raw) \(text)".utf8)))
            }
        ) { server in
            let socket = try server.connect()
            let head = "GET / HTTP/1.1\r\nHost:h\r\nX-List: \t a b \t\r\nx-list:\r\nX-Raw: "
            socket.send(Array(head.utf8) + [0xff] + Array("\r\n\r\n".utf8))
            #expect(socket.readResponse()?.text == "Host=h|X-List=a b|x-list=|X-Raw=\u{fffd} a b 2 1 none")
        }
    }

    @Test func keepsMadeHeadersLikeReceivedOnes() {
        let headers = HTTPHeaders([("Authorization", "x y"), ("Bad Name", "z"), ("X", "a\nb"), ("X", "c")])
        #expect(headers["AUTHORIZATION"] == "x y")
        #expect(headers["X"] == "c")
        #expect(headers["absent"] == nil)
        #expect(headers.all.count == 2)
    }

    @Test(arguments: [
        ("", []),
        ("a=1&b=2&a=3", ["a=1", "b=2", "a=3"]),
        ("a", ["a="]),
        ("=v", ["=v"]),
        ("&&a=b=c&", ["a=b=c"]),
        ("q=a+b%2Bc%20d", ["q=a b+c d"]),
        ("%C3%A9=%e2%82%ac", ["\u{e9}=\u{20ac}"]),
    ])
    func decodesQueries(text: String, items: [String]) throws {
        let query = try #require(HTTPQuery(text))
        #expect(query.items.map { "\($0.name)=\($0.value)" } == items)
    }

    @Test(arguments: ["a=%", "a=%1", "a=%zz", "a=%00", "%ff=1", "a=%C3", "a=%ED%A0%80", "a=%+1", "a=%C0%80"])
    func refusesBrokenEscapes(text: String) {
        #expect(HTTPQuery(text) == nil)
    }

    @Test func comparesQueryNamesAsBytes() throws {
        let query = try #require(HTTPQuery("%C3%A9=composed&e%CC%81=decomposed"))
        #expect(query["\u{e9}"] == "composed")
        #expect(query["e\u{301}"] == "decomposed")
        #expect(query.values("e\u{301}") == ["decomposed"])
    }
}
