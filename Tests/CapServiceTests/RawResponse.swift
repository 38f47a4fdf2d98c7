/// Holds one response as it came over a socket.
struct RawResponse {
    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    /// Whether the body ended where its framing said, as opposed to where the connection did.
    let isFramed: Bool

    var text: String { String(decoding: body, as: UTF8.self) }

    /// Gives the first value of a header, named in lower case.
    func header(_ name: String) -> String? {
        headers.first { $0.name == name }?.value
    }

    /// Gives the `error` code of a JSON error body.
    var errorCode: String? {
        let marks = text.split(separator: "\"")
        return marks.count > 3 && marks[1] == "error" ? String(marks[3]) : nil
    }

    /// Parses a response at the start of `bytes`; nil while it is incomplete. Gives the number of bytes used.
    static func parse(_ bytes: [UInt8], toHead: Bool, ended: Bool) -> (RawResponse, Int)? {
        guard let headEnd = find([13, 10, 13, 10], in: bytes, from: 0) else { return nil }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(separator: "\r\n")
        guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { return nil }
        let headers = lines.dropFirst().map { line -> (name: String, value: String) in
            let cut = line.firstIndex(of: ":") ?? line.endIndex
            return (line[..<cut].lowercased(), line[cut...].dropFirst().drop { $0 == " " }.description)
        }
        let start = headEnd + 4
        func made(_ body: some Collection<UInt8>, _ used: Int, framed: Bool = true) -> (RawResponse, Int) {
            (RawResponse(status: status, headers: headers, body: Array(body), isFramed: framed), used)
        }
        if toHead || status == 204 || status == 304 || status < 200 { return made([], start) }
        if headers.contains(where: { $0.name == "transfer-encoding" && $0.value == "chunked" }) {
            return chunked(bytes, start).map { made($0.body, $0.used) }
        }
        if let length = headers.first(where: { $0.name == "content-length" }).flatMap({ Int($0.value) }) {
            return bytes.count >= start + length ? made(bytes[start..<(start + length)], start + length) : nil
        }
        return ended ? made(bytes[start...], bytes.count, framed: false) : nil
    }

    private static func chunked(_ bytes: [UInt8], _ start: Int) -> (body: [UInt8], used: Int)? {
        var body: [UInt8] = []
        var cursor = start
        while let lineEnd = find([13, 10], in: bytes, from: cursor) {
            guard let size = Int(String(decoding: bytes[cursor..<lineEnd], as: UTF8.self), radix: 16) else {
                return nil
            }
            let dataStart = lineEnd + 2
            guard bytes.count >= dataStart + size + 2 else { return nil }
            if size == 0 { return (body, dataStart + 2) }
            body += bytes[dataStart..<(dataStart + size)]
            cursor = dataStart + size + 2
        }
        return nil
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        guard bytes.count >= start + pattern.count else { return nil }
        return (start...(bytes.count - pattern.count)).first { bytes[$0..<($0 + pattern.count)].elementsEqual(pattern) }
    }
}
