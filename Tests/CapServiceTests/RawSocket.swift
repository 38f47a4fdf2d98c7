import Glibc

/// Speaks bytes with a server on this machine; every read waits at most `patience`.
final class RawSocket {
    let descriptor: Int32
    private var buffer: [UInt8] = []

    /// Connects to an address of this machine, from a given one of 127.0.0.0/8 if need be; nil when refused.
    init?(port: UInt16, ip: String = "127.0.0.1", from source: [UInt8]? = nil, patience: Int = 20) {
        let isV6 = ip.contains(":")
        let family = isV6 ? AF_INET6 : AF_INET
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var wait = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &wait, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        if let source {
            let bound = Self.address(AF_INET, 0, source).withUnsafeBytes { raw in
                bind(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
            }
            guard bound == 0 else { return nil }
        }
        var binary = [UInt8](repeating: 0, count: isV6 ? 16 : 4)
        guard inet_pton(family, ip, &binary) == 1 else { return nil }
        let connected = Self.address(family, port, binary).withUnsafeBytes { raw in
            connect(descriptor, raw.baseAddress?.assumingMemoryBound(to: sockaddr.self), socklen_t(raw.count))
        }
        guard connected == 0 || errno == EINTR && isConnectedAfterAll() else { return nil }
    }

    // A connect that was interrupted by a signal goes on by itself.
    private func isConnectedAfterAll() -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while poll(&wait, 1, 20_000) < 0, errno == EINTR {}
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == 0
    }

    /// Lays out struct sockaddr_in or sockaddr_in6: family, port and address, the last two in network order.
    private static func address(_ family: Int32, _ port: UInt16, _ binary: [UInt8]) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: family == AF_INET6 ? 28 : 16)
        bytes[0] = UInt8(family)
        bytes[2] = UInt8(port >> 8)
        bytes[3] = UInt8(port & 0xff)
        let start = family == AF_INET6 ? 8 : 4
        bytes.replaceSubrange(start..<(start + binary.count), with: binary)
        return bytes
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
            guard count > 0 || errno == EINTR else { return false }
            sent += max(0, count)
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

    /// Waits at most so many milliseconds for the connection to end; what arrives meanwhile stays for later reads.
    func hasEnded(within milliseconds: Int32) -> Bool {
        var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&wait, 1, milliseconds) > 0 else { return false }
        return fill() != nil
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

    /// Reads on until `text` has arrived and forgets everything up to it; false when the connection ends first.
    func read(until text: String) -> Bool {
        let wanted = Array(text.utf8)
        while true {
            var start = 0
            while start + wanted.count <= buffer.count {
                if buffer[start..<start + wanted.count].elementsEqual(wanted) {
                    buffer.removeFirst(start + wanted.count)
                    return true
                }
                start += 1
            }
            if fill() != nil { return false }
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
