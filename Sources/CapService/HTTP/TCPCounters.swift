import Glibc

/// Reads how many bytes TCP has moved on a socket, from the kernel's `struct tcp_info` (Linux 4.1 and later).
enum TCPCounters {
    // Offsets of tcpi_bytes_acked and tcpi_bytes_received; the C library's own copy of the struct ends before them.
    private static let acknowledgedOffset = 120
    private static let receivedOffset = 128
    private static let size = 136

    /// Gives the bytes the peer has acknowledged; 0 where the kernel does not tell.
    static func acknowledged(_ socket: Int32) -> UInt64 {
        read(socket, acknowledgedOffset)
    }

    /// Gives the bytes received from the peer; 0 where the kernel does not tell.
    static func received(_ socket: Int32) -> UInt64 {
        read(socket, receivedOffset)
    }

    private static func read(_ socket: Int32, _ offset: Int) -> UInt64 {
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
            var length = socklen_t(size)
            guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, buffer.baseAddress, &length) == 0,
                Int(length) >= size
            else { return 0 }
            return buffer.load(fromByteOffset: offset, as: UInt64.self)
        }
    }
}
