import Glibc
import Testing

@testable import CapService

/// Listening, limits on connections, and stopping.
@Suite struct HTTPServerTests {
    @Test func listensAgainOnThePortItLeftWhileConnectionsLinger() throws {
        let first = try HTTPTestServer()
        let socket = try first.connect()
        #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
        first.server.stop(deadline: .milliseconds(100))
        let second = try HTTPServer(
            listen: HTTPListenAddress(ip: "127.0.0.1", port: first.port),
            threads: 1,
            handler: EchoHandler(),
            log: .off
        )
        #expect(try second.start() == first.port)
        #expect(RawSocket(port: first.port)?.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
        second.stop(deadline: .milliseconds(100))
    }

    @Test func saysWhyItCannotListen() throws {
        let taken = try HTTPTestServer()
        defer { taken.server.stop(deadline: .milliseconds(100)) }
        let second = try HTTPServer(
            listen: HTTPListenAddress(ip: "127.0.0.1", port: taken.port), threads: 1, handler: EchoHandler(), log: .off
        )
        let inUse = #expect(throws: HTTPError.self) { try second.start() }
        #expect(inUse?.code == .addressInUse)
        let bad = #expect(throws: HTTPError.self) {
            try HTTPServer(
                listen: HTTPListenAddress(ip: "localhost", port: 0), threads: 1, handler: EchoHandler(), log: .off
            )
        }
        #expect(bad?.code == .badAddress)
    }

    @Test func startsOnceOnly() throws {
        try HTTPTestServer.run { server in
            let again = #expect(throws: HTTPError.self) { try server.server.start() }
            #expect(again?.code == .alreadyStarted)
        }
    }

    @Test func servesIPv6AndBothTogether() throws {
        let handler = EchoHandler()
        let dual = try HTTPServer(listen: HTTPListenAddress(ip: "::", port: 0), threads: 1, handler: handler, log: .off)
        guard let port = try? dual.start() else { return }  // a machine without IPv6
        defer { dual.stop(deadline: .milliseconds(100)) }
        let v4 = try #require(RawSocket(port: port)?.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
        #expect(v4.header("x-from") == "127.0.0.1")
        let v6 = try #require(RawSocket(port: port, ip: "::1")?.exchange("GET / HTTP/1.1\r\nHost: [::1]\r\n\r\n"))
        #expect(v6.header("x-from") == "::1")
    }

    @Test func refusesConnectionsBeyondTheLimitUntilOneCloses() throws {
        var limits = HTTPLimits()
        limits.connections = 4
        try HTTPTestServer.run(limits: limits) { server in
            var sockets = try (0..<4).map { _ in try server.connect() }
            for socket in sockets { #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200) }
            let refused = try #require(RawSocket(port: server.port)?.readResponse())
            #expect(refused.status == 503)
            #expect(refused.errorCode == "tooManyConnections")
            sockets.removeLast()
            while server.server.connectionCount > 3 { Pause.briefly() }
            #expect(server.answer(to: "GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200)
        }
    }

    @Test func refusesConnectionsBeyondTheLimitOfTheirAddress() throws {
        var limits = HTTPLimits()
        limits.connectionsPerAddress = 2
        try HTTPTestServer.run(limits: limits) { server in
            let sockets = try (0..<2).map { _ in try server.connect() }
            for socket in sockets { #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200) }
            #expect(RawSocket(port: server.port)?.readResponse()?.errorCode == "tooManyConnections")
            let other = try #require(RawSocket(port: server.port, from: [127, 0, 0, 2]))
            #expect(other.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.header("x-from") == "127.0.0.2")
        }
    }

    @Test func anAddressWithManyConnectionsGivesWayToOneWithFewer() throws {
        var limits = HTTPLimits()
        limits.connections = 4
        let request = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
        try HTTPTestServer.run(limits: limits) { server in
            let many = try (0..<4).map { _ in try server.connect() }
            for socket in many { #expect(socket.exchange(request)?.status == 200) }
            var few: [RawSocket] = []
            for _ in 0..<2 {
                let next = try #require(RawSocket(port: server.port, from: [127, 0, 0, 2]))
                #expect(next.exchange(request)?.header("x-from") == "127.0.0.2")
                few.append(next)
            }
            // Two each: from here on nobody gives way.
            let third = try #require(RawSocket(port: server.port, from: [127, 0, 0, 2]))
            #expect(third.readResponse()?.errorCode == "tooManyConnections")
            #expect(RawSocket(port: server.port)?.readResponse()?.errorCode == "tooManyConnections")
            for socket in few { #expect(socket.exchange(request)?.status == 200) }
            #expect(many.count { $0.exchange(request)?.status == 200 } == 2)
        }
    }

    @Test func finishesRequestsInFlightBeforeItStops() throws {
        let kept = Kept()
        let test = try HTTPTestServer(handler: ClosureHandler { _, reply in kept.keep(reply) })
        let socket = try test.connect()
        socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
        kept.wait(for: 1)
        Background.run {
            // Once the port is closed, the server is stopping.
            while RawSocket(port: test.port) != nil { Pause.briefly() }
            for reply in kept.take() { reply.send(HTTPResponse(status: 200)) }
        }
        test.server.stop(deadline: .seconds(20))
        let response = try #require(socket.readResponse())
        #expect(response.status == 200)
        #expect(response.header("connection") == "close")
        #expect(socket.readToEnd().end == .closed)
        #expect(test.server.connectionCount == 0)
    }

    @Test func answers503WhatIsNotAnsweredByTheDeadline() throws {
        let kept = Kept()
        let test = try HTTPTestServer(handler: ClosureHandler { _, reply in kept.keep(reply) })
        let sockets = try (0..<8).map { _ in try test.connect() }
        for socket in sockets { socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
        kept.wait(for: 8)
        test.server.stop(deadline: .milliseconds(50))
        for reply in kept.take() { reply.send(HTTPResponse(status: 200)) }
        for socket in sockets {
            let (bytes, end) = socket.readToEnd()
            #expect(end != .timedOut)
            #expect(bytes.isEmpty || String(decoding: bytes, as: UTF8.self).contains("503"))
        }
    }

    @Test func endsEveryConnectionWhenStoppedUnderLoad() throws {
        for _ in 0..<20 {
            let test = try HTTPTestServer(
                handler: ClosureHandler { _, reply in Background.run { reply.send(HTTPResponse(status: 200)) } }
            )
            let sockets = try (0..<8).map { _ in try test.connect() }
            for socket in sockets { #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200) }
            for socket in sockets { socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n") }
            test.server.stop(deadline: .seconds(5))
            for socket in sockets { #expect(socket.readToEnd().end != .timedOut) }
            #expect(test.server.connectionCount == 0)
        }
    }

    @Test func stoppingTwiceOrUnstartedIsHarmless() throws {
        let test = try HTTPTestServer()
        test.server.stop(deadline: .milliseconds(10))
        test.server.stop(deadline: .milliseconds(10))
        let idle = try HTTPServer(
            listen: HTTPListenAddress(ip: "127.0.0.1", port: 0), threads: 1, handler: EchoHandler(), log: .off
        )
        idle.stop()
    }
}
