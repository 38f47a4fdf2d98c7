import Glibc
import Multiformats

/// Calls methods of a service over one kept connection, which ends when the service does.
final class XRPCConnection {
    /// Says that no answer came: whether the call had an effect is not known.
    struct Lost: Error {}

    struct Answer {
        let status: Int
        /// The lines of the head behind the first, in lower case.
        var fields: [String] = []
        let body: [UInt8]
        /// When to come again, where the answer says so.
        var retryAfter: String? {
            fields.first { $0.hasPrefix("retry-after: ") }.map { String($0.dropFirst("retry-after: ".count)) }
        }

        var json: JSON { (try? JSON.parse(body, limits: JSONLimits(maxBytes: 1 << 27))) ?? .null }
        /// The status and name of a refusal, for messages.
        var summary: String { "\(status) \(json["error"]?.string ?? "") \(json["message"]?.string ?? "")" }
    }

    let descriptor: Int32
    private var buffer: [UInt8] = []

    /// - Parameters:
    ///   - url: `http://127.0.0.1:PORT`.
    ///   - source: Which of this machine's own addresses to call from.
    ///   - window: Bytes that the system takes in for a reader that does not read; nil for the usual number.
    init(_ url: String, from source: String = "127.0.0.1", window: Int32? = nil) throws {
        let port = url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var wait = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        if var window { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size)) }
        let isOpen =
            Self.call(bind, descriptor, source, 0) == 0 && Self.call(connect, descriptor, "127.0.0.1", port) == 0
        guard isOpen else {
            close(descriptor)
            throw Lost()
        }
    }

    private static func call(
        _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ descriptor: Int32, _ host: String,
        _ port: UInt16
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close(descriptor) }

    func get(
        _ nsid: String, _ query: [(String, String)], _ token: String?, headers: [String] = []
    ) throws -> Answer {
        let text = query.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        return try ask("GET", "/xrpc/\(nsid)?\(text)", token, headers)
    }

    func post(_ nsid: String, _ json: JSON, _ token: String?, headers: [String] = []) throws -> Answer {
        try ask("POST", "/xrpc/\(nsid)", token, headers + ["Content-Type: application/json"], json.serialized())
    }

    func post(_ nsid: String, bytes: [UInt8], type: String, _ token: String?) throws -> Answer {
        try ask("POST", "/xrpc/\(nsid)", token, ["Content-Type: \(type)"], bytes)
    }

    /// Calls any path; `token` is shown as a bearer's.
    func ask(
        _ method: String, _ path: String, _ token: String?, _ headers: [String] = [], _ body: [UInt8] = []
    ) throws -> Answer {
        try send(Self.request(method, path, token, headers, body))
        return try receive()
    }

    /// The bytes of a call; `length` is what the head says of the body, where that is another length.
    static func request(
        _ method: String, _ path: String, _ token: String? = nil, _ headers: [String] = [], _ body: [UInt8] = [],
        length: Int? = nil
    ) -> [UInt8] {
        var lines =
            ["\(method) \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(length ?? body.count)"] + headers
        if let token { lines.append("Authorization: Bearer \(token)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Lost() }
            offset += count
        }
    }

    func receive() throws -> Answer {
        let head = String(decoding: try take(through: [13, 10, 13, 10]), as: UTF8.self).lowercased()
        let fields = head.split(separator: "\r\n").map(String.init)
        let status = Int(fields.first?.dropFirst(9).prefix(3) ?? "") ?? 0
        func value(_ name: String) -> String? {
            fields.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
        }
        let body =
            if value("transfer-encoding: ") != nil { try takeChunks() } else {
                try take(Int(value("content-length: ") ?? "") ?? 0)
            }
        return Answer(status: status, fields: fields, body: body)
    }

    private func takeChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let line = String(decoding: try take(through: [13, 10]).dropLast(2), as: UTF8.self)
            guard let count = Int(line, radix: 16) else { throw Lost() }
            body += try take(count)
            _ = try take(2)
            if count == 0 { return body }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count < count { try fill() }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    private func take(through end: [UInt8]) throws -> [UInt8] {
        var start = 0
        while true {
            if buffer.count >= end.count {
                for index in start...(buffer.count - end.count) where buffer[index...].starts(with: end) {
                    return try take(index + end.count)
                }
                start = buffer.count - end.count + 1
            }
            try fill()
        }
    }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw Lost() }
        buffer += chunk[..<count]
    }
}
