/// Tests text against the grammar of RFC 3986, byte by byte and without allocating.
enum URISyntax {
    /// Reads the text in place; most are in contiguous storage already.
    static func isURI(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isURI($0) }
    }

    /// `scheme ":" hier-part [ "?" query ] [ "#" fragment ]`.
    static func isURI(_ text: some Collection<UInt8>) -> Bool {
        guard let colon = text.firstIndex(of: UInt8(ascii: ":")), isScheme(text[..<colon]) else { return false }
        var rest = text[text.index(after: colon)...]
        if let mark = rest.firstIndex(of: UInt8(ascii: "#")) {
            guard isFragment(rest[rest.index(after: mark)...]) else { return false }
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: UInt8(ascii: "?")) {
            guard isQuery(rest[rest.index(after: mark)...]) else { return false }
            rest = rest[..<mark]
        }
        guard rest.starts(with: "//".utf8) else { return isPath(rest) }
        rest = rest.dropFirst(2)
        guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return isAuthority(rest) }
        return isAuthority(rest[..<slash]) && isPath(rest[slash...])
    }

    /// `at://<did>[/path]`: a DID stands where RFC 3986 has a host, which may hold no colons (spec/atproto-spaces.md 1).
    static func isRepositoryURI(_ text: String) -> Bool {
        let rest = text.utf8.dropFirst("at://".utf8.count)
        guard text.utf8.starts(with: "at://did:".utf8) else { return false }
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        return matches(authority) { isUnreserved($0) || $0 == UInt8(ascii: ":") } && isPath(rest[authority.endIndex...])
    }

    /// `[ userinfo "@" ] host [ ":" port ]`; the empty authority is one.
    static func isAuthority(_ text: some Collection<UInt8>) -> Bool {
        var host = text[...]
        if let at = host.firstIndex(of: UInt8(ascii: "@")) {
            guard isUserinfo(host[..<at]) else { return false }
            host = host[host.index(after: at)...]
        }
        if host.first == UInt8(ascii: "[") {
            guard let end = host.firstIndex(of: UInt8(ascii: "]")) else { return false }
            guard isIPLiteral(host[host.index(after: host.startIndex)..<end]) else { return false }
            let port = host[host.index(after: end)...]
            return port.isEmpty || (port.first == UInt8(ascii: ":") && port.dropFirst().allSatisfy(isDigit))
        }
        if let colon = host.firstIndex(of: UInt8(ascii: ":")) {
            guard host[host.index(after: colon)...].allSatisfy(isDigit) else { return false }
            host = host[..<colon]
        }
        return isRegName(host)
    }

    static func isScheme(_ text: some Collection<UInt8>) -> Bool {
        guard let first = text.first, isLetter(first) else { return false }
        return text.allSatisfy {
            isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".")
        }
    }

    static func isUserinfo(_ text: some Collection<UInt8>) -> Bool {
        matches(text) { isUnreserved($0) || isSubDelim($0) || $0 == UInt8(ascii: ":") }
    }

    static func isRegName(_ text: some Collection<UInt8>) -> Bool {
        matches(text) { isUnreserved($0) || isSubDelim($0) }
    }

    static func isPath(_ text: some Collection<UInt8>) -> Bool {
        matches(text) { isPchar($0) || $0 == UInt8(ascii: "/") }
    }

    static func isSegment(_ text: some Collection<UInt8>) -> Bool { matches(text, isPchar) }

    static func isQuery(_ text: some Collection<UInt8>) -> Bool {
        matches(text) { isPchar($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
    }

    static func isFragment(_ text: some Collection<UInt8>) -> Bool { isQuery(text) }

    /// Tests every byte, taking `%` and two hex digits as one character of any class.
    private static func matches(_ text: some Collection<UInt8>, _ allowed: (UInt8) -> Bool) -> Bool {
        var escape = 0
        for byte in text {
            if escape > 0 {
                guard isHexDigit(byte) else { return false }
                escape -= 1
            } else if byte == UInt8(ascii: "%") {
                escape = 2
            } else {
                guard allowed(byte) else { return false }
            }
        }
        return escape == 0
    }

    static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) }

    static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    static func isHexDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x41...0x46).contains(byte) || (0x61...0x66).contains(byte)
    }

    static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x41...0x5A, 0x61...0x7A, 0x30...0x39: true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"): true
        default: false
        }
    }

    static func isSubDelim(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: ";"), UInt8(ascii: "="): true
        case 0x26...0x2C: true  // & ' ( ) * + ,
        default: false
        }
    }

    static func isGenDelim(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ":"), UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#"): true
        case UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "@"): true
        default: false
        }
    }

    static func isPchar(_ byte: UInt8) -> Bool {
        isUnreserved(byte) || isSubDelim(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "@")
    }
}

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
