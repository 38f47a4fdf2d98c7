import Glibc
import Synchronization
import Testing

@testable import CapService

/// Bodies that grow while they are sent.
@Suite struct HTTPLiveBodyTests {
    private static func handler(_ body: HTTPLiveBody) -> ClosureHandler {
        ClosureHandler { request, reply in
            guard request.path == "/live" else { return reply.send(HTTPResponse(status: 204)) }
            reply.send(HTTPResponse(status: 200, body: .live(body)))
        }
    }

    private static let request = "GET /live HTTP/1.1\r\nHost: h\r\n\r\n"

    @Test func sendsWhatIsAddedLaterAndEndsWhenFinished() throws {
        let body = HTTPLiveBody()
        try HTTPTestServer.run(handler: Self.handler(body)) { server in
            let socket = try server.connect()
            socket.send(Self.request)
            #expect(body.push(Array("one,".utf8)))
            for _ in 0..<100 { #expect(body.push(Array("more,".utf8))) }
            // Another connection of the same loops is served meanwhile.
            for _ in 0..<8 { #expect(server.answer(to: "GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 204) }
            body.finish()
            let response = try #require(socket.readResponse())
            #expect(response.text == "one," + String(repeating: "more,", count: 100))
            #expect(!body.push([1]))
        }
    }

    @Test func eachPieceArrivesBeforeTheNextIsMade() throws {
        let body = HTTPLiveBody()
        try HTTPTestServer.run(threads: 1, handler: Self.handler(body)) { server in
            let socket = try server.connect()
            socket.send(Self.request)
            for number in 0..<50 {
                let piece = "<\(number)>"
                #expect(body.push(Array(piece.utf8)))
                #expect(socket.read(until: piece))
            }
            body.finish()
        }
    }

    @Test func aClientThatLeavesEndsTheBody() throws {
        let body = HTTPLiveBody()
        try HTTPTestServer.run(handler: Self.handler(body)) { server in
            do {
                let socket = try server.connect()
                socket.send(Self.request)
                #expect(body.push(Array("<x>".utf8)))
                #expect(socket.read(until: "<x>"))
            }
            while !body.isFinished { sched_yield() }
            #expect(!body.push([1]))
        }
    }

    @Test func aSlowClientIsNotWaitedFor() throws {
        let body = HTTPLiveBody(maxWaiting: 4096)
        while body.push([UInt8](repeating: 0, count: 512)) {}
        #expect(!body.isFinished)
    }

    @Test func stoppingTheServerEndsTheBody() throws {
        let body = HTTPLiveBody()
        let server = try HTTPTestServer(handler: Self.handler(body))
        let socket = try server.connect()
        socket.send(Self.request)
        #expect(body.push(Array("<x>".utf8)))
        #expect(socket.read(until: "<x>"))
        server.server.stop(deadline: .seconds(10))
        #expect(socket.readToEnd().end == .closed)
        #expect(body.isFinished)
    }
}
