/// Holds the address a request goes to, without query and fragment, in the one form in which two are compared.
///
/// RFC 9449 4.3 asks for the normalisation of RFC 3986 6.2.2 and 6.2.3: scheme and host in lower case, no usual port, no
/// empty path, no dot segments, escapes in upper case and only where they are needed.
public struct TargetURI: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 8192

    // Proved ASCII at construction, so `==` and hashing of the String are those of its bytes.
    public let text: String

    /// Reads an `http` or `https` address of any spelling; nil for what is none, for one that names a user, and for a port
    /// beyond 65535.
    public init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(Self.maximumLength + 1))
        guard bytes.count <= Self.maximumLength, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x5C }),
            let colon = bytes.firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        let scheme = Self.lowercased(bytes[..<colon])
        guard scheme == "http" || scheme == "https" else { return nil }
        var rest = bytes[(colon + 1)...].prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
        guard rest.starts(with: "//".utf8) else { return nil }
        rest = rest.dropFirst(2)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        guard let (host, port) = Self.split(authority), let path = Self.path(rest[authority.endIndex...]) else {
            return nil
        }
        let usual = scheme == "https" ? 443 : 80
        self.text = "\(scheme)://\(host)\(port.map { $0 == usual ? "" : ":\($0)" } ?? "")\(path)"
    }

    public var description: String { text }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    private static func split(_ authority: ArraySlice<UInt8>) -> (host: String, port: Int?)? {
        var host = authority
        var digits: ArraySlice<UInt8> = []
        let searched = authority.lastIndex(of: UInt8(ascii: "]")).map { authority[$0...] } ?? authority
        if let colon = searched.firstIndex(of: UInt8(ascii: ":")) {
            host = authority[..<colon]
            digits = authority[(colon + 1)...]
        }
        let isName = host.allSatisfy { ASCIIText.isAlphanumeric($0) || "-._~".utf8.contains($0) }
        let isLiteral =
            host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]") && host.count > 2
            && host.dropFirst().dropLast().allSatisfy { ASCIIText.isHexDigit($0) || ":.".utf8.contains($0) }
        guard !host.isEmpty, isName || isLiteral, digits.allSatisfy(ASCIIText.isDigit) else { return nil }
        guard !digits.isEmpty else { return (lowercased(host), nil) }
        guard let port = UInt16(String(decoding: digits, as: UTF8.self)), port > 0 else { return nil }
        return (lowercased(host), Int(port))
    }

    /// Nil for a `%` that begins no escape.
    private static func path(_ bytes: ArraySlice<UInt8>) -> String? {
        guard let plain = unescaped(bytes) else { return nil }
        var kept: [ArraySlice<UInt8>] = []
        var endsOpen = false
        for segment in plain.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            endsOpen = segment.elementsEqual(".".utf8) || segment.elementsEqual("..".utf8)
            if segment.elementsEqual("..".utf8) { _ = kept.popLast() } else if !endsOpen { kept.append(segment) }
        }
        if endsOpen { kept.append([]) }
        return "/" + kept.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        var plain: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            guard bytes[index] == UInt8(ascii: "%") else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            let digits = bytes[(index + 1)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(ASCIIText.isHexDigit),
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            if ASCIIText.isAlphanumeric(byte) || "-._~".utf8.contains(byte) {
                plain.append(byte)
            } else {
                plain.append(UInt8(ascii: "%"))
                plain += digits.map { (0x61...0x66).contains($0) ? $0 - 0x20 : $0 }
            }
            index += 3
        }
        return plain
    }
}
