import Glibc
import Synchronization
import Testing

@testable import CapService

/// How answers travel from the handler to the connection.
@Suite struct HTTPReplyTests {
    @Test func takesAnAnswerFromAnotherThread() throws {
        let handler = ClosureHandler { request, reply in
            Background.run { reply.send(HTTPResponse(status: 201, body: .bytes(Array(request.path.utf8)))) }
        }
        try HTTPTestServer.run(handler: handler) { server in
            let socket = try server.connect()
            for index in 0..<200 {
                let response = try #require(socket.exchange("GET /\(index) HTTP/1.1\r\nHost: h\r\n\r\n"))
                #expect(response.status == 201)
                #expect(response.text == "/\(index)")
            }
        }
    }

    @Test func answersPipelinedRequestsInOrderFromOtherThreads() throws {
        let handler = ClosureHandler { request, reply in
            Background.run { reply.send(HTTPResponse(status: 200, body: .bytes(Array(request.path.utf8)))) }
        }
        try HTTPTestServer.run(handler: handler) { server in
            let socket = try server.connect()
            socket.send((0..<100).map { "GET /\($0) HTTP/1.1\r\nHost: h\r\n\r\n" }.joined())
            for index in 0..<100 { #expect(socket.readResponse()?.text == "/\(index)") }
        }
    }

    @Test func answers500WhenTheReplyIsDroppedAtOnceOrLater() throws {
        let handler = ClosureHandler { request, reply in
            if request.path == "/later" { Background.run { _ = reply } }
        }
        try HTTPTestServer.run(handler: handler) { server in
            let socket = try server.connect()
            for path in ["/now", "/later", "/now", "/later"] {
                let response = try #require(socket.exchange("GET \(path) HTTP/1.1\r\nHost: h\r\n\r\n"))
                #expect(response.status == 500)
                #expect(response.errorCode == "internalError")
            }
        }
    }

    @Test func answersAClientThatEndedItsSendingMeanwhile() throws {
        let kept = Kept()
        try HTTPTestServer.run(handler: ClosureHandler { _, reply in kept.keep(reply) }) { server in
            for _ in 0..<20 {
                let socket = try server.connect()
                socket.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                socket.endSending()
                kept.wait(for: 1)
                for reply in kept.take() { reply.send(HTTPResponse(status: 200)) }
                #expect(socket.readResponse()?.status == 200)
                #expect(socket.readToEnd().end == .closed)
            }
        }
    }

    @Test func sendsTheFirstAnswerOnly() throws {
        let handler = ClosureHandler { request, reply in
            reply.send(HTTPResponse(status: 200))
            reply.send(HTTPResponse(status: 201))
            Background.run { reply.send(HTTPResponse(status: 202)) }
        }
        try HTTPTestServer.run(handler: handler) { server in
            let socket = try server.connect()
            for _ in 0..<100 { #expect(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200) }
        }
    }

    @Test func survivesRacesBetweenTheHandlerAndAnEarlyAnswer() throws {
        let handler = ClosureHandler { request, reply in
            Background.run { reply.send(HTTPResponse(status: 200, body: .bytes([1]))) }
            if request.path == "/yield" { sched_yield() }
        }
        try HTTPTestServer.run(handler: handler) { server in
            let sockets = try (0..<16).map { _ in try server.connect() }
            for round in 0..<50 {
                for socket in sockets {
                    socket.send("GET \(round % 2 == 0 ? "/" : "/yield") HTTP/1.1\r\nHost: h\r\n\r\n")
                }
                for socket in sockets { #expect(socket.readResponse()?.status == 200) }
            }
        }
    }

    @Test func answers500ForAHeaderThatWouldSplitTheResponse() throws {
        let handler = ClosureHandler { _, reply in
            reply.send(HTTPResponse(status: 200, headers: [("X-A", "b\r\nX-C: d")]))
        }
        try HTTPTestServer.run(handler: handler) { server in
            let response = try #require(server.answer(to: "GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
            #expect(response.status == 500)
            #expect(response.header("x-c") == nil)
        }
    }

    @Test func streamsABodyOfUnknownLength() throws {
        let handler = ClosureHandler { _, reply in
            reply.send(HTTPResponse(status: 200, body: .stream(CountingSource(pieces: 1000, failsAtEnd: false))))
        }
        try HTTPTestServer.run(handler: handler) { server in
            let socket = try server.connect()
            for _ in 0..<3 {
                let response = try #require(socket.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n"))
                #expect(response.header("transfer-encoding") == "chunked")
                #expect(response.body == CountingSource.all(1000))
            }
            socket.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
            #expect(socket.readResponse(toHead: true)?.status == 200)
            let old = try #require(server.answer(to: "GET / HTTP/1.0\r\n\r\n"))
            #expect(old.body == CountingSource.all(1000))
            #expect(!old.isFramed)
        }
    }

    @Test func neverEndsABrokenStreamCleanly() throws {
        let handler = ClosureHandler { _, reply in
            reply.send(HTTPResponse(status: 200, body: .stream(CountingSource(pieces: 3, failsAtEnd: true))))
        }
        try HTTPTestServer.run(handler: handler) { server in
            let chunked = try server.connect()
            #expect(chunked.exchange("GET / HTTP/1.1\r\nHost: h\r\n\r\n") == nil)
            let old = try server.connect()
            old.send("GET / HTTP/1.0\r\n\r\n")
            #expect(old.readToEnd().end == .reset)
        }
    }
}

/// Gives numbered pieces of growing size, some of them empty and some larger than asked for.
final class CountingSource: HTTPBodySource {
    private let count: Int
    private let failsAtEnd: Bool
    private let index = Atomic<Int>(0)

    init(pieces: Int, failsAtEnd: Bool) {
        count = pieces
        self.failsAtEnd = failsAtEnd
    }

    func next(maxBytes: Int) throws -> [UInt8]? {
        let index = index.add(1, ordering: .relaxed).oldValue
        if index >= count {
            if failsAtEnd { throw HTTPError(code: .listenFailed, message: "planted") }
            return nil
        }
        return Self.piece(index)
    }

    static func piece(_ index: Int) -> [UInt8] {
        if index % 7 == 3 { return [] }
        return [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index == 500 ? 300_000 : index)
    }

    static func all(_ count: Int) -> [UInt8] {
        (0..<count).flatMap(piece)
    }
}

/// Runs closures on threads of their own.
enum Background {
    private final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    static func run(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let job = Unmanaged.passRetained(Job(body))
        if pthread_create(&thread, nil, runJob, job.toOpaque()) == 0 {
            pthread_detach(thread)
        } else {
            job.release()
            body()
        }
    }

    fileprivate static func run(_ context: UnsafeMutableRawPointer) {
        Unmanaged<Job>.fromOpaque(context).takeRetainedValue().body()
    }
}

private func runJob(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Background.run(context) }
    return nil
}
