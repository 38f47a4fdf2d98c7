import CMicroHTTPD
import Glibc
import Synchronization

/// Feeds a streamed body to the library piece by piece, on the connection's thread only.
final class HTTPBodyFeed {
    static let ended = -1
    static let failed = -2

    private let source: any HTTPBodySource
    private let connection: HTTPConnection
    private let isHTTP10: Bool
    private var rest: ArraySlice<UInt8> = []

    init(_ source: any HTTPBodySource, connection: HTTPConnection, isHTTP10: Bool) {
        self.source = source
        self.connection = connection
        self.isHTTP10 = isHTTP10
    }

    /// Copies the next bytes and gives their number, `ended` or `failed`.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        do {
            // Empty pieces are passed over, up to a bound: giving the library zero bytes would make it spin.
            var emptyPieces = 0
            while rest.isEmpty {
                guard emptyPieces < 64 else { return fail("no bytes") }
                guard let piece = try source.next(maxBytes: buffer.count) else { return Self.ended }
                rest = piece[...]
                emptyPieces += 1
            }
        } catch {
            return fail("\(error)")
        }
        let count = min(rest.count, buffer.count)
        rest.prefix(count).withUnsafeBytes { buffer.copyMemory(from: $0) }
        rest = rest.dropFirst(count)
        return count
    }

    private func fail(_ reason: String) -> Int {
        connection.core.log.error("httpBodyFailed", [("reason", .text(reason))])
        // An HTTP/1.0 body ends where the connection does, so only a reset tells a broken one from a complete one.
        // Dissolving the connection sends it.
        if isHTTP10 {
            var nowhere = sockaddr()
            nowhere.sa_family = sa_family_t(AF_UNSPEC)
            connect(connection.socket, &nowhere, socklen_t(MemoryLayout<sockaddr>.size))
        }
        return Self.failed
    }
}
