/// Checks RFC 3986 syntax and normal form without ever decoding an escape (spec ucan.md B.3, attack 13).
enum NormalURI {
    /// True when the text is an ASCII URI with a lower-case scheme, upper-case escapes of characters that need one,
    /// and no dot segments.
    static func isNormalised(_ bytes: [UInt8]) -> Bool {
        guard bytes.count <= 8192, let colon = bytes.firstIndex(of: 0x3A), colon > 0 else { return false }
        for (index, byte) in bytes[..<colon].enumerated() {
            let isLetter = byte >= 0x61 && byte <= 0x7A
            let isOther = (byte >= 0x30 && byte <= 0x39) || byte == 0x2B || byte == 0x2D || byte == 0x2E
            guard isLetter || (index > 0 && isOther) else { return false }
        }
        return hasValidCharacters(bytes[(colon + 1)...]) && !hasDotSegments(bytes[(colon + 1)...])
    }

    private static func hasValidCharacters(_ bytes: ArraySlice<UInt8>) -> Bool {
        var index = bytes.startIndex
        var sawFragment = false
        while index < bytes.endIndex {
            let byte = bytes[index]
            if byte == 0x25 {
                guard index + 2 < bytes.endIndex, let high = upperHex(bytes[index + 1]),
                    let low = upperHex(bytes[index + 2]), !isUnreserved(high << 4 | low)
                else { return false }
                index += 3
                continue
            }
            if byte == 0x23 {
                if sawFragment { return false }
                sawFragment = true
            } else if !isUnreserved(byte) && !isDelimiter(byte) {
                return false
            }
            index += 1
        }
        return true
    }

    /// True when a segment of the path is `.` or `..`.
    private static func hasDotSegments(_ bytes: ArraySlice<UInt8>) -> Bool {
        var dots = 0
        var length = 0
        for byte in bytes {
            switch byte {
            case 0x3F, 0x23: return length == dots && (dots == 1 || dots == 2)
            case 0x2F:
                if length == dots, dots == 1 || dots == 2 { return true }
                dots = 0
                length = 0
            default:
                length += 1
                if byte == 0x2E { dots += 1 }
            }
        }
        return length == dots && (dots == 1 || dots == 2)
    }

    private static func upperHex(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        default: nil
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    /// sub-delims, ":", "@", "/", "?"
    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21, 0x24, 0x26...0x2C, 0x3B, 0x3D, 0x3A, 0x40, 0x2F, 0x3F: true
        default: false
        }
    }
}
