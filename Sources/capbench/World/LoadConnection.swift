import Glibc

/// One keep-alive connection that sends ready-made requests.
final class LoadConnection {
    struct Reply {
        let status: Int
        let body: [UInt8]
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else { throw BenchError(message: "cannot connect to the service") }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ request: [UInt8]) throws {
        var offset = 0
        while offset < request.count {
            let count = request[offset...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError(message: "the service closed the connection") }
            offset += count
        }
    }

    /// Reads one answer, whose length its head tells or whose chunks do.
    func receive() throws -> Reply {
        var head: Int?
        while head == nil {
            head = endOfHead()
            if head == nil { try fill() }
        }
        let end = head ?? 0
        let text = String(decoding: buffer[..<end], as: UTF8.self).lowercased()
        let status = Int(text.dropFirst(9).prefix(3)) ?? 0
        if text.range(ofField: "transfer-encoding: ") != nil {
            buffer.removeFirst(end)
            return Reply(status: status, body: try takeChunks())
        }
        var length = 0
        if let range = text.range(ofField: "content-length: ") { length = Int(text[range]) ?? 0 }
        while buffer.count < end + length { try fill() }
        let body = Array(buffer[end..<(end + length)])
        buffer.removeFirst(end + length)
        return Reply(status: status, body: body)
    }

    private func takeChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            while !buffer.contains(10) { try fill() }
            let line = buffer.prefix { $0 != 13 }
            guard let count = Int(String(decoding: line, as: UTF8.self), radix: 16) else {
                throw BenchError(message: "a chunk without a length")
            }
            let start = line.count + 2
            while buffer.count < start + count + 2 { try fill() }
            body += buffer[start..<(start + count)]
            buffer.removeFirst(start + count + 2)
            if count == 0 { return body }
        }
    }

    func exchange(_ request: [UInt8]) throws -> Reply {
        try send(request)
        return try receive()
    }

    private func endOfHead() -> Int? {
        guard buffer.count >= 4 else { return nil }
        for index in 0...(buffer.count - 4)
        where buffer[index] == 13 && buffer[index + 1] == 10 && buffer[index + 2] == 13 && buffer[index + 3] == 10 {
            return index + 4
        }
        return nil
    }

    private func fill() throws {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { throw BenchError(message: "the service closed the connection") }
        buffer += chunk[..<count]
    }
}

extension String {
    /// The range of a header field's value, given its lower-case name with colon and space.
    fileprivate func range(ofField name: String) -> Range<Index>? {
        var line = startIndex
        while line < endIndex {
            let end = self[line...].firstIndex(of: "\r\n") ?? endIndex
            if self[line..<end].hasPrefix(name) { return index(line, offsetBy: name.count)..<end }
            line = end < endIndex ? index(after: end) : endIndex
        }
        return nil
    }
}
