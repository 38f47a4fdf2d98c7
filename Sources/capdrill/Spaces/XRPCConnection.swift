import Glibc
import Multiformats

/// Calls methods of a service over one kept connection, which ends when the service does.
final class XRPCConnection {
    /// Says that no answer came: whether the call had an effect is not known.
    struct Lost: Error {}

    struct Answer {
        let status: Int
        /// The lines of the head behind the first, in lower case.
        let fields: [String]
        let body: [UInt8]

        var json: JSON { (try? JSON.parse(body, limits: JSONLimits(maxBytes: 1 << 27))) ?? .null }
        /// The status and name of a refusal, for messages.
        var summary: String { "\(status) \(json["error"]?.string ?? "") \(json["message"]?.string ?? "")" }
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    /// - Parameter url: `http://127.0.0.1:PORT`.
    init(_ url: String) throws {
        let port = url.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var wait = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let isOpen = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isOpen else { throw Lost() }
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

    /// Asks any route, method of XRPC or not.
    func ask(
        _ method: String, _ path: String, _ token: String?, _ headers: [String] = [], _ body: [UInt8] = []
    ) throws -> Answer {
        var lines = ["\(method) \(path) HTTP/1.1", "Host: localhost", "Content-Length: \(body.count)"] + headers
        if let token { lines.append("Authorization: Bearer \(token)") }
        try send(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
        return try receive()
    }

    private func send(_ bytes: [UInt8]) throws {
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Lost() }
            offset += count
        }
    }

    private func receive() throws -> Answer {
        let head = String(decoding: try take(through: [13, 10, 13, 10]), as: UTF8.self).lowercased()
        let fields = head.split(separator: "\r\n").map(String.init)
        let status = Int(fields.first?.dropFirst(9).prefix(3) ?? "") ?? 0
        func value(_ name: String) -> String? {
            fields.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
        }
        guard value("transfer-encoding: ") == nil else {
            return Answer(status: status, fields: fields, body: try takeChunks())
        }
        return Answer(status: status, fields: fields, body: try take(Int(value("content-length: ") ?? "") ?? 0))
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
