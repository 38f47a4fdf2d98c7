/// Sends requests over many connections from one thread: one request on each, then one answer from each.
final class Load {
    private let connections: [LoadConnection]

    /// Opens 64 connections.
    init(port: UInt16) throws { connections = try (0..<64).map { _ in try LoadConnection(port: port) } }

    static func request(_ path: String, authorization: [UInt8]) -> [UInt8] {
        Array("POST \(path) HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\nAuthorization: ".utf8) + authorization
            + Array("\r\n\r\n".utf8)
    }

    /// Sends every request; throws when one is not answered 200. Returns the wall time in nanoseconds.
    func run(_ requests: [[UInt8]]) throws -> Double {
        let start = Stopwatch.nanoseconds()
        var next = 0
        var waiting = 0
        for connection in connections where next < requests.count {
            try connection.send(requests[next])
            next += 1
            waiting += 1
        }
        var turn = 0
        while waiting > 0 {
            let connection = connections[turn % connections.count]
            turn += 1
            let reply = try connection.receive()
            guard reply.status == 200 else {
                throw BenchError(message: "answered \(reply.status): \(String(decoding: reply.body, as: UTF8.self))")
            }
            waiting -= 1
            if next < requests.count {
                try connection.send(requests[next])
                next += 1
                waiting += 1
            }
        }
        return Stopwatch.nanoseconds() - start
    }
}
