/// Normalises and compares the paths of policy capabilities, which are texts and not URIs.
enum PolicyPath {
    /// Decodes escapes of unreserved characters and composes the text; nil when the path has no one normal form.
    ///
    /// Refused are the empty path, `.` and `..` segments, `*` and `?`, control characters, escapes that are broken, and
    /// escapes that stay but are not in upper case. So a second pass changes nothing.
    static func normalised(_ text: String) -> String? {
        guard let decoded = decoded(text) else { return nil }
        let path = NormalForm.composed(decoded)
        guard !path.isEmpty, path.unicodeScalars.allSatisfy(isAllowed) else { return nil }
        for segment in path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        where segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8) { return nil }
        return path
    }

    /// True when `outer` is `inner`, or ends with a slash and begins it; databases have no such prefixes.
    static func contains(_ outer: String, _ inner: String, service: String) -> Bool {
        if outer.utf8.elementsEqual(inner.utf8) { return true }
        guard !service.utf8.elementsEqual("tinycloud.sql".utf8) else { return false }
        return outer.utf8.last == UInt8(ascii: "/") && inner.utf8.starts(with: outer.utf8)
    }

    private static func decoded(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "%") else {
                out.append(bytes[index])
                index += 1
                continue
            }
            guard index + 2 < bytes.count, let high = hex(bytes[index + 1]), let low = hex(bytes[index + 2]) else {
                return nil
            }
            let byte = high << 4 | low
            if isUnreserved(byte) {
                out.append(byte)
            } else {
                let escape = bytes[index...(index + 2)]
                guard !escape.contains(where: { $0 >= UInt8(ascii: "a") }) else { return nil }
                out += escape
            }
            index += 3
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        scalar != "*" && scalar != "?" && scalar.properties.generalCategory != .control
    }

    private static func hex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }
}
