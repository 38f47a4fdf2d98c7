import Glibc

/// Speaks bytes with a server on 127.0.0.1; every read waits at most `patience`.
final class RawSocket {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects; nil when refused.
    init?(port: UInt16, patience: Int = 20) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var wait = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        // struct sockaddr_in: family, port and address, the last two in network order.
        var address = [UInt8](repeating: 0, count: 16)
        address[0] = UInt8(AF_INET)
        address[2] = UInt8(port >> 8)
        address[3] = UInt8(port & 0xff)
        address.replaceSubrange(4..<8, with: [127, 0, 0, 1])
        let connected = address.withUnsafeBytes { raw -> Int32 in
            guard let base = raw.baseAddress else { return -1 }
            return connect(descriptor, base.assumingMemoryBound(to: sockaddr.self), 16)
        }
        guard connected == 0 else { return nil }
    }

    deinit {
        close(descriptor)
    }

    /// Sends everything; false when the peer has gone.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool {
        send(Array(text.utf8))
    }

    /// Says that nothing more will be sent.
    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// How a connection ended.
    enum End: Equatable {
        case closed, reset, timedOut
    }

    /// Reads until the connection ends.
    func readToEnd() -> (bytes: [UInt8], end: End) {
        while true {
            let end = fill()
            guard let end else { continue }
            defer { buffer = [] }
            return (buffer, end)
        }
    }

    /// Reads one response; nil when the connection ends before it is complete.
    func readResponse(toHead: Bool = false) -> RawResponse? {
        while true {
            if let (response, used) = RawResponse.parse(buffer, toHead: toHead, ended: false) {
                buffer.removeFirst(used)
                return response
            }
            guard let end = fill() else { continue }
            guard end == .closed, let (response, used) = RawResponse.parse(buffer, toHead: toHead, ended: true) else {
                return nil
            }
            buffer.removeFirst(used)
            return response
        }
    }

    /// Sends a request and reads its response.
    func exchange(_ request: String) -> RawResponse? {
        send(request)
        return readResponse()
    }

    private func fill() -> End? {
        var piece = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(descriptor, &piece, piece.count, 0)
        if count > 0 {
            buffer += piece[..<count]
            return nil
        }
        if count == 0 { return .closed }
        switch errno {
        case EINTR: return nil
        case EAGAIN: return .timedOut
        default: return .reset
        }
    }
}
