import CMicroHTTPD
import Glibc
import Synchronization

/// Hands an answer to the library.
struct HTTPResponseWriter {
    let connection: HTTPConnection
    let isHTTP10: Bool
    /// The connection ends with this answer.
    let isLast: Bool

    /// Queues the answer; an answer that cannot be put on the wire becomes 500.
    func send(_ response: HTTPResponse, on target: OpaquePointer) -> MHD_Result {
        guard let made = make(response, target) ?? make(connection.core.response(.internalError), target) else {
            return .NO
        }
        defer { MHD_destroy_response(made.object) }
        return MHD_queue_response(target, UInt32(made.status), made.object)
    }

    private func make(_ response: HTTPResponse, _ target: OpaquePointer) -> (object: OpaquePointer, status: Int)? {
        guard (200...599).contains(response.status), let object = makeBody(response.body, target) else { return nil }
        for (name, value) in response.headers where !add(name, value, to: object) {
            connection.core.log.error("httpHeaderUnusable", [("name", .text(name))])
            MHD_destroy_response(object)
            return nil
        }
        if isLast || connection.core.isDraining.load(ordering: .relaxed) { _ = add("Connection", "close", to: object) }
        return (object, response.status)
    }

    private func makeBody(_ body: HTTPBody, _ target: OpaquePointer) -> OpaquePointer? {
        switch body {
        case .empty:
            return MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
        case .bytes(let bytes):
            return bytes.withUnsafeBytes { bytes in
                MHD_create_response_from_buffer(
                    bytes.count,
                    UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    .RESPMEM_MUST_COPY
                )
            }
        case .stream(let source):
            let feed = Unmanaged.passRetained(HTTPBodyFeed(source, connection: connection, isHTTP10: isHTTP10))
            let object = capg_http_stream(16 * 1024, readFeed, feed.toOpaque(), releaseFeed)
            if object == nil { feed.release() }
            return object
        case .live(let body):
            let feed = Unmanaged.passRetained(HTTPLiveFeed(body, connection: connection, target: target))
            let object = capg_http_stream(16 * 1024, readLiveFeed, feed.toOpaque(), releaseLiveFeed)
            if object == nil { feed.release() }
            return object
        }
    }

    // Field text is checked here as strictly as on the way in: a line break in a value would begin another field.
    private func add(_ name: String, _ value: String, to object: OpaquePointer) -> Bool {
        if name.utf8.count == 14, ASCII.equalIgnoringCase(name.utf8, "content-length".utf8) { return true }
        guard !name.isEmpty, name.utf8.allSatisfy(ASCII.isToken), value.utf8.allSatisfy(ASCII.isFieldValue) else {
            return false
        }
        // Passed as they are, both texts would be copied into new arrays first.
        return name.withCString { name in
            value.withCString { value in MHD_add_response_header(object, name, value) == .YES }
        }
    }
}

private func readFeed(
    _ context: UnsafeMutableRawPointer?,
    _ position: UInt64,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int
) -> Int {
    guard let context, let buffer else { return HTTPBodyFeed.failed }
    let feed = Unmanaged<HTTPBodyFeed>.fromOpaque(context).takeUnretainedValue()
    return feed.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
}

private func releaseFeed(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<HTTPBodyFeed>.fromOpaque(context).release()
}

private func readLiveFeed(
    _ context: UnsafeMutableRawPointer?,
    _ position: UInt64,
    _ buffer: UnsafeMutablePointer<CChar>?,
    _ size: Int
) -> Int {
    guard let context, let buffer else { return HTTPBodyFeed.failed }
    let feed = Unmanaged<HTTPLiveFeed>.fromOpaque(context).takeUnretainedValue()
    return feed.read(into: UnsafeMutableRawBufferPointer(start: buffer, count: size))
}

private func releaseLiveFeed(_ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<HTTPLiveFeed>.fromOpaque(context).release()
}
