import Glibc

/// Reads a body of `multipart/form-data` strictly (RFC 7578): no preamble, no epilogue, nothing folded or encoded.
struct MultipartForm {
    struct Malformed: Error { let message: String }

    struct Part {
        /// As it stands in the disposition, without its quotes.
        let name: String
        /// Names in lower case, none twice.
        let headers: [(name: String, value: String)]
        let bytes: ArraySlice<UInt8>
    }

    let parts: [Part]

    /// True for a content type that says it is such a form.
    static func isNamed(by contentType: String) -> Bool {
        let type = contentType.split(separator: ";", omittingEmptySubsequences: false)[0].filter { $0 != " " }
        return ASCII.equalIgnoringCase(type.utf8, "multipart/form-data".utf8)
    }

    init(_ body: [UInt8], contentType: String, maxParts: Int) throws(Malformed) {
        let boundary = try Self.boundary(contentType)
        let open = Array("--".utf8) + boundary
        guard body.starts(with: open) else { throw Malformed(message: "the body does not begin with its boundary") }
        let delimiter = [13, 10] + open
        var parts: [Part] = []
        var cursor = open.count
        while true {
            let rest = body[cursor...]
            if rest.starts(with: [45, 45]) {
                let end = rest.dropFirst(2)
                guard end.isEmpty || end.elementsEqual([13, 10]) else {
                    throw Malformed(message: "something follows the last part")
                }
                self.parts = parts
                return
            }
            guard rest.starts(with: [13, 10]) else { throw Malformed(message: "a boundary is not followed by a part") }
            guard parts.count < maxParts else { throw Malformed(message: "the body has more than \(maxParts) parts") }
            guard let end = Self.find(delimiter, in: body, from: cursor + 2) else {
                throw Malformed(message: "the last part has no end")
            }
            parts.append(try Self.part(body[(cursor + 2)..<end]))
            cursor = end + delimiter.count
        }
    }

    private static func boundary(_ contentType: String) throws(Malformed) -> [UInt8] {
        let parameters = contentType.split(separator: ";").dropFirst()
        guard parameters.count == 1, let equals = parameters.first?.firstIndex(of: "="), let item = parameters.first,
            ASCII.equalIgnoringCase(item[..<equals].filter { $0 != " " }.utf8, "boundary".utf8)
        else { throw Malformed(message: "the content type names no boundary, or something else beside it") }
        var value = Array(item[item.index(after: equals)...].utf8)
        while let last = value.last, ASCII.isBlank(last) { value.removeLast() }
        if value.count >= 2, value.first == 34, value.last == 34 { value = Array(value.dropFirst().dropLast()) }
        // The characters of RFC 2046, 5.1.1, but the space.
        let others = Set("'()+_,-./:=?".utf8)
        guard (1...70).contains(value.count),
            value.allSatisfy({
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0 & 0xDF) || others.contains($0)
            })
        else { throw Malformed(message: "the boundary is not well-formed") }
        return value
    }

    private static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var cursor = start
            while cursor + pattern.count <= bytes.count,
                let found = memchr(base + cursor, Int32(pattern[0]), bytes.count - pattern.count - cursor + 1)
            {
                cursor = base.distance(to: UnsafeRawPointer(found))
                if memcmp(found, pattern, pattern.count) == 0 { return cursor }
                cursor += 1
            }
            return nil
        }
    }

    private static let maxHeadBytes = 8192

    private static func part(_ bytes: ArraySlice<UInt8>) throws(Malformed) -> Part {
        var headers: [(name: String, value: String)] = []
        var rest = bytes
        while true {
            guard let end = rest.indices.dropLast().first(where: { rest[$0] == 13 && rest[$0 + 1] == 10 }),
                end - bytes.startIndex <= maxHeadBytes
            else { throw Malformed(message: "the head of a part does not end, or is too long") }
            let line = rest[rest.startIndex..<end]
            rest = rest[(end + 2)...]
            if line.isEmpty { break }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(ASCII.isToken), line.allSatisfy(ASCII.isFieldValue),
                let value = String(validating: trimmed(line[(colon + 1)...]), as: UTF8.self)
            else { throw Malformed(message: "a header of a part is not well-formed") }
            let name = String(decoding: line[..<colon].map(ASCII.lowercased), as: UTF8.self)
            guard !headers.contains(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
                throw Malformed(message: "a part has the header `\(name)` twice")
            }
            headers.append((name, value))
        }
        guard let disposition = headers.first(where: { $0.name == "content-disposition" })?.value,
            let name = Self.name(disposition)
        else { throw Malformed(message: "a part has no name") }
        guard !headers.contains(where: { $0.name == "content-transfer-encoding" }) else {
            throw Malformed(message: "a part is encoded for transfer")
        }
        return Part(name: name, headers: headers, bytes: rest)
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes.drop(while: ASCII.isBlank)
        while let last = bytes.last, ASCII.isBlank(last) { bytes.removeLast() }
        return bytes
    }

    /// The quoted name of `form-data; name="…"`, beside which only a file's name may stand.
    private static func name(_ disposition: String) -> String? {
        let pieces = disposition.split(separator: "\"", omittingEmptySubsequences: false)
        guard pieces.count == 3 || pieces.count == 5 else { return nil }
        let words = pieces.enumerated().filter { $0.offset % 2 == 0 }.map { $0.element.filter { $0 != " " } }
        guard words[0] == "form-data;name=", pieces.count == 3 ? words[1].isEmpty : words[1] == ";filename=",
            words.count == 2 || words[2].isEmpty, !pieces[1].utf8.contains(UInt8(ascii: "\\"))
        else { return nil }
        return String(pieces[1])
    }
}
