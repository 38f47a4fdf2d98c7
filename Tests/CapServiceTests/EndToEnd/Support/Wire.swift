import CapTesting
import Multiformats
import UCAN

/// Asks a running service over one kept-alive socket; not for use by two threads at once.
final class Wire {
    struct Lost: Error { let request: String }

    private let port: UInt16
    private var socket: RawSocket?

    init(_ port: UInt16) { self.port = port }

    convenience init(_ service: ServiceProcess) { self.init(service.port) }

    func get(_ path: String, headers: [String] = []) throws -> RawResponse {
        try ask("GET", path, headers: headers)
    }

    /// Posts with a token in `Authorization` and, where given, a JSON body.
    func post(
        _ path: String, _ token: UnverifiedToken?, json: JSON? = nil, headers: [String] = []
    ) throws -> RawResponse {
        try post(path, authorization: token?.authorization(), body: json?.serialized(), headers: headers)
    }

    func post(
        _ path: String, authorization: String?, body: [UInt8]? = nil, headers: [String] = []
    ) throws -> RawResponse {
        var lines = headers
        if let authorization { lines.append("Authorization: \(authorization)") }
        if body != nil, !headers.contains(where: { $0.lowercased().hasPrefix("content-type:") }) {
            lines.append("Content-Type: application/json")
        }
        return try ask("POST", path, headers: lines, body: body ?? [])
    }

    func ask(_ method: String, _ path: String, headers: [String] = [], body: [UInt8] = []) throws -> RawResponse {
        var head = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)"] + headers
        if method == "POST" { head.append("Content-Length: \(body.count)") }
        let bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
        // A connection that the server closed between two requests is opened once more.
        for isLast in [false, true] {
            let open = socket ?? RawSocket(port: port)
            socket = open
            open?.send(bytes)
            if let response = open?.readResponse(toHead: method == "HEAD") {
                if response.header("connection") == "close" { socket = nil }
                return response
            }
            socket = nil
            if isLast { break }
        }
        throw Lost(request: "\(method) \(path.prefix(100))")
    }
}
