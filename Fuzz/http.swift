// with: Sources/CapService/HTTP Tests/CapServiceTests/RawSocket.swift Tests/CapServiceTests/RawResponse.swift
import Glibc
import Multiformats
import Synchronization
import Threading

/// Holds the HTTP server to: no crash, no connection left open, no request taken that a strict reading of the bytes does
/// not find at the same place, and the next client is served.
///
/// The first byte of an input says in how many pieces the rest is sent.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzHTTP(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first, let server = FuzzServer.shared else { return 0 }
    let bytes = Array(input.dropFirst())
    guard let (socket, address) = server.connect() else {
        fatalError("no connection: \(String(cString: strerror(errno)))")
    }
    server.seen.withLock { $0 = [] }
    let size = max(1, bytes.count / (1 + Int(first % 4)))
    for piece in stride(from: 0, to: bytes.count, by: size) {
        guard socket.send(Array(bytes[piece..<min(bytes.count, piece + size)])) else { break }
    }
    // Most answers come before the end of the sending does, which the server notices at once then.
    _ = socket.hasEnded(within: 1)
    socket.endSending()
    guard socket.readToEnd().end != .timedOut else { fatalError("the connection was left open") }
    var reading = StrictReading(bytes)
    // A server thread that was held up may still take requests of a connection given up before.
    for request in server.seen.withLock({ $0 }) where request.remoteAddress == address {
        if let fault = reading.take(request) { fatalError("\(fault): \(request)") }
    }
    if server.isTimeToCheck {
        guard let (next, _) = server.connect() else { fatalError("the next client was not let in") }
        next.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        let (answer, end) = next.readToEnd()
        guard String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 200 ") else {
            fatalError("the next client was answered `\(String(decoding: answer, as: UTF8.self))` and \(end)")
        }
    }
    return 0
}

/// Runs one server for all inputs and notes the requests it takes.
private final class FuzzServer: HTTPHandler {
    static let shared = FuzzServer()

    let seen = Mutex<[HTTPRequest]>([])
    private let port = Atomic<Int>(0)
    private let turn = Atomic<Int>(0)
    // Runs as long as the process does.
    private let running = Mutex<HTTPServer?>(nil)

    init?() {
        var limits = HTTPLimits()
        limits.bodyBytes = 2000
        limits.headerBytes = 3000
        limits.targetBytes = 1000
        // The shortest deadline sets how often the server looks for connections to end.
        limits.lingerDeadline = .milliseconds(20)
        guard
            let server = try? HTTPServer(
                listen: HTTPListenAddress(ip: "127.0.0.1", port: 0), limits: limits, threads: 1, handler: self,
                log: .off
            ), let port = try? server.start()
        else { return nil }
        self.port.store(Int(port), ordering: .relaxed)
        running.withLock { $0 = server }
    }

    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        seen.withLock { $0.append(request) }
        reply.send(HTTPResponse(status: 200, body: .bytes(request.body)))
    }

    /// Connects from ever other addresses, so that no address runs out of ports.
    func connect() -> (socket: RawSocket, address: String)? {
        let turn = turn.add(1, ordering: .relaxed).newValue
        let source = [127, UInt8(turn >> 16 & 0x7f), UInt8(turn >> 8 & 0xff), UInt8(turn & 0xff)]
        let socket = RawSocket(port: UInt16(port.load(ordering: .relaxed)), from: source, patience: 4)
        return socket.map { ($0, source.map { "\($0)" }.joined(separator: ".")) }
    }

    var isTimeToCheck: Bool { turn.load(ordering: .relaxed) % 16 == 0 }
}

/// Reads requests off the bytes sent, with a line being what ends in CR LF.
private struct StrictReading {
    private let bytes: [UInt8]
    private var cursor = 0
    // Nothing may be taken after a chunked body, whose lines are read loosely.
    private var isOver = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Finds the request next; gives what is wrong with it, or nil.
    mutating func take(_ request: HTTPRequest) -> String? {
        if isOver { return "a request after chunks" }
        skipIgnoredLines()
        guard let line = requestLine() else { return "no request line" }
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].elementsEqual(request.method.name.utf8) else { return "other request line" }
        let target = Array((request.path + (request.rawQuery.map { "?" + $0 } ?? "")).utf8)
        guard
            parts[1].elementsEqual(target)
                || [72, 104].contains(parts[1].first) && parts[1].suffix(target.count).elementsEqual(target)
        else { return "other target" }
        var length = 0
        var isChunked = false
        for field in request.headers.all {
            guard let text = fieldText(), let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return "no field" }
            let value = text[(colon + 1)...].trimmed
            guard text[..<colon].elementsEqual(field.name.utf8), String(decoding: value, as: UTF8.self) == field.value
            else { return "other field" }
            if field.name.lowercased() == "content-length" { length = Int(field.value) ?? -1 }
            if field.name.lowercased() == "transfer-encoding" { isChunked = true }
        }
        guard endHead() else { return "no end of the head" }
        if isChunked { return takeChunks(request.body) }
        guard length >= 0, bytes.count - cursor >= length, bytes[cursor..<(cursor + length)].elementsEqual(request.body)
        else { return "other body" }
        cursor += length
        return nil
    }

    // Chunks are left to the library, which takes a bare line feed as the end of a line; see the tests.
    private mutating func takeChunks(_ body: [UInt8]) -> String? {
        var found: [UInt8] = []
        while true {
            guard let line = looseLine() else { return "no chunk line" }
            let digits = line.prefix { $0 != UInt8(ascii: ";") }
            guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16) else { return "no chunk size" }
            if size == 0 { break }
            guard size <= bytes.count - cursor else { return "short chunk" }
            found += bytes[cursor..<(cursor + size)]
            cursor += size
            guard let end = looseLine(), end.isEmpty else { return "no end of a chunk" }
        }
        isOver = true
        return found == body ? nil : "other chunks"
    }

    // Before a request the library passes over empty lines, and takes those that begin with a zero byte for such.
    private mutating func skipIgnoredLines() {
        while cursor < bytes.count, [10, 13, 0].contains(bytes[cursor]) {
            if bytes[cursor] == 13, cursor + 1 < bytes.count, bytes[cursor + 1] != 10 { return }
            guard looseLine() != nil else { return }
        }
    }

    // Its end is looked at with what follows.
    private mutating func requestLine() -> ArraySlice<UInt8>? {
        guard let end = bytes[cursor...].firstIndex(where: { [13, 10, 0].contains($0) }) else { return nil }
        defer { cursor = end }
        return bytes[cursor..<end]
    }

    // The end of the line before, then what stands up to the end of this one. The library overwrites CR and LF with zero
    // bytes before anyone can look, so a zero byte in the place of a CR is the one thing that cannot be told.
    private mutating func fieldText() -> ArraySlice<UInt8>? {
        guard cursor + 2 <= bytes.count, [13, 0].contains(bytes[cursor]), bytes[cursor + 1] == 10 else { return nil }
        let start = cursor + 2
        guard let end = bytes[start...].firstIndex(where: { [13, 10, 0].contains($0) }) else { return nil }
        cursor = end
        return bytes[start..<end]
    }

    // Four bytes that end the last line and the head, with the same reservation; a field without a name is zeroed too.
    private mutating func endHead() -> Bool {
        let end = bytes[cursor...].prefix(4)
        guard end.count == 4, end.last == 10, end.allSatisfy({ [13, 10, 0, 58].contains($0) }) else { return false }
        cursor += 4
        return true
    }

    private mutating func looseLine() -> ArraySlice<UInt8>? {
        guard let end = bytes[cursor...].firstIndex(of: 10) else { return nil }
        defer { cursor = end + 1 }
        return bytes[cursor..<(end > cursor && bytes[end - 1] == 13 ? end - 1 : end)]
    }
}

extension ArraySlice<UInt8> {
    fileprivate var trimmed: ArraySlice<UInt8> {
        let start = drop { $0 == 32 || $0 == 9 }
        return start.prefix((start.lastIndex { $0 != 32 && $0 != 9 } ?? start.startIndex - 1) - start.startIndex + 1)
    }
}
