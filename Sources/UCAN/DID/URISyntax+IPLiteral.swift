extension URISyntax {
    /// What stands between the brackets of an IP literal: IPv6 or IPvFuture.
    static func isIPLiteral(_ text: some Collection<UInt8>) -> Bool {
        if text.first == UInt8(ascii: "v") || text.first == UInt8(ascii: "V") { return isIPvFuture(text) }
        return isIPv6(Array(text.prefix(64)), whole: text.count <= 64)
    }

    /// `"v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`.
    static func isIPvFuture(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, first | 0x20 == UInt8(ascii: "v") else { return false }
        let rest = text.dropFirst()
        guard let dot = rest.firstIndex(of: UInt8(ascii: ".")), dot != rest.startIndex else { return false }
        let address = rest[rest.index(after: dot)...]
        return rest[..<dot].allSatisfy(isHexDigit) && !address.isEmpty
            && address.allSatisfy { isUnreserved($0) || isSubDelim($0) || $0 == UInt8(ascii: ":") }
    }

    /// Eight groups of up to four hex digits, one run of which `::` may stand for; the last two may be an IPv4 address.
    private static func isIPv6(_ text: [UInt8], whole: Bool) -> Bool {
        guard whole else { return false }
        var groups = 0
        var gap = false
        var index = 0
        if text.starts(with: "::".utf8) {
            gap = true
            index = 2
        }
        while index < text.count {
            var end = index
            while end < text.count, isHexDigit(text[end]) { end += 1 }
            if end < text.count, text[end] == UInt8(ascii: ".") {
                guard isIPv4(text[index...]) else { return false }
                groups += 2
                index = text.count
                break
            }
            guard end > index, end - index <= 4 else { return false }
            groups += 1
            index = end
            guard index < text.count else { break }
            guard text[index] == UInt8(ascii: ":") else { return false }
            index += 1
            if index < text.count, text[index] == UInt8(ascii: ":") {
                guard !gap else { return false }
                gap = true
                index += 1
            } else if index == text.count {
                return false
            }
        }
        return gap ? groups <= 7 : groups == 8
    }

    /// Four decimal octets of one to three digits; the published vectors allow leading zeros.
    private static func isIPv4(_ text: ArraySlice<UInt8>) -> Bool {
        let octets = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return octets.count == 4
            && octets.allSatisfy { octet in
                guard (1...3).contains(octet.count), octet.allSatisfy(isDigit) else { return false }
                return octet.reduce(0) { $0 * 10 + Int($1 - 0x30) } <= 255
            }
    }
}
