import Glibc

/// Reads the state of a TCP connection from the kernel.
enum TCPState {
    // TCP_CLOSE_WAIT: the peer has ended its side, ours is open.
    private static let closeWait: UInt8 = 8

    /// Says whether the peer will send nothing more and everything it sent was read.
    static func hasPeerEnded(_ socket: Int32) -> Bool {
        var byte: UInt8 = 0
        return state(socket) == closeWait && recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
    }

    private static func state(_ socket: Int32) -> UInt8? {
        // tcpi_state is the first byte of struct tcp_info.
        var info = tcp_info()
        var length = socklen_t(MemoryLayout<tcp_info>.size)
        guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, &info, &length) == 0, length > 0 else { return nil }
        return info.tcpi_state
    }
}
