import CMicroHTTPD
import Glibc

/// Names where the server listens: an IPv4 or IPv6 address and a port, 0 for a free one.
struct HTTPListenAddress: Hashable, Sendable {
    let ip: String
    let port: UInt16

    init(ip: String, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    /// Says whether the address can be read as IPv4 or IPv6.
    var isValid: Bool {
        var v4 = in_addr()
        var v6 = in6_addr()
        return inet_pton(AF_INET, ip, &v4) == 1 || inet_pton(AF_INET6, ip, &v6) == 1
    }

    /// Opens a listening socket; `::` takes IPv4 as well. Gives the socket and the port bound.
    func listen(backlog: Int32 = 1024) throws(HTTPError) -> (socket: Int32, port: UInt16) {
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        let isV6: Bool
        if inet_pton(AF_INET, ip, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            isV6 = false
        } else if inet_pton(AF_INET6, ip, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port.bigEndian
            isV6 = true
        } else {
            throw HTTPError(code: .badAddress, message: "`\(ip)` is not an IPv4 or IPv6 address")
        }
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let fd = socket(isV6 ? AF_INET6 : AF_INET, kind, 0)
        guard fd >= 0 else { throw failure("socket", errno) }
        // Reuse of the address lets a restart listen at once, while old connections linger; it never shares the port.
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1)
        if isV6 { set(fd, Int32(IPPROTO_IPV6), IPV6_V6ONLY, ip == "::" ? 0 : 1) }
        let bound = isV6 ? bindTo(fd, &v6) : bindTo(fd, &v4)
        guard bound == 0, Glibc.listen(fd, backlog) == 0 else {
            let code = errno
            close(fd)
            throw failure("listen", code)
        }
        let port = isV6 ? boundPort(fd, v6, \.sin6_port) : boundPort(fd, v4, \.sin_port)
        return (fd, port)
    }

    private func failure(_ call: String, _ code: Int32) -> HTTPError {
        let reason = String(cString: strerror(code))
        let inUse = code == EADDRINUSE
        return HTTPError(
            code: inUse ? .addressInUse : .listenFailed,
            message: "cannot listen on `\(ip)` port `\(port)`: \(call): \(reason)"
        )
    }

    private func set(_ fd: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(fd, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private func bindTo<Address>(_ fd: Int32, _ address: inout Address) -> Int32 {
        withUnsafeBytes(of: &address) { bytes in
            guard let base = bytes.baseAddress else { return -1 }
            return bind(fd, base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    private func boundPort<Address>(_ fd: Int32, _ like: Address, _ port: KeyPath<Address, in_port_t>) -> UInt16 {
        var address = like
        var length = socklen_t(MemoryLayout<Address>.size)
        _ = withUnsafeMutableBytes(of: &address) { bytes in
            bytes.baseAddress.map { getsockname(fd, $0.assumingMemoryBound(to: sockaddr.self), &length) }
        }
        return UInt16(bigEndian: address[keyPath: port])
    }
}
