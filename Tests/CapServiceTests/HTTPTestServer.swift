import Testing

@testable import CapService

/// Runs a server on a free port of 127.0.0.1 while a test lasts.
struct HTTPTestServer {
    let server: HTTPServer
    let port: UInt16

    init(limits: HTTPLimits = HTTPLimits(), threads: Int = 2, handler: any HTTPHandler = EchoHandler()) throws {
        server = try HTTPServer(
            listen: HTTPListenAddress(ip: "127.0.0.1", port: 0),
            limits: limits,
            threads: threads,
            handler: handler,
            log: .off
        )
        port = try server.start()
    }

    /// Runs `body` with a server and stops it after.
    static func run<Result>(
        limits: HTTPLimits = HTTPLimits(),
        threads: Int = 2,
        handler: any HTTPHandler = EchoHandler(),
        _ body: (HTTPTestServer) throws -> Result
    ) throws -> Result {
        let server = try HTTPTestServer(limits: limits, threads: threads, handler: handler)
        defer { server.server.stop(deadline: .milliseconds(200)) }
        return try body(server)
    }

    func connect() throws -> RawSocket {
        try #require(RawSocket(port: port))
    }

    /// Sends bytes on a connection of their own and reads the one response; nil when there is none.
    func answer(to text: String) -> RawResponse? {
        RawSocket(port: port)?.exchange(text)
    }
}

/// Answers with what it was asked: method, path, query and body, joined by spaces.
struct EchoHandler: HTTPHandler {
    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        let line = "\(request.method.name) \(request.path) \(request.rawQuery ?? "-") "
        reply.send(
            HTTPResponse(
                status: 200, headers: [("X-From", request.remoteAddress)], body: .bytes(Array(line.utf8) + request.body)
            ))
    }
}

/// Hands every request to a closure.
struct ClosureHandler: HTTPHandler {
    let body: @Sendable (HTTPRequest, HTTPReply) -> Void

    init(_ body: @escaping @Sendable (HTTPRequest, HTTPReply) -> Void) {
        self.body = body
    }

    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        body(request, reply)
    }
}
