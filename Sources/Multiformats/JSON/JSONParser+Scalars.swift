extension JSONParser {
    /// Reads a number of the grammar of RFC 8259 and keeps its text.
    mutating func parseNumber() throws(MultiformatsError) -> JSONNumber {
        let start = at
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try takeDigits() }
        if take(UInt8(ascii: ".")) { try takeDigits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try takeDigits()
        }
        let text = UnsafeBufferPointer(start: base + start, count: at - start)
        return JSONNumber(validated: String(decoding: text, as: UTF8.self))
    }

    private mutating func takeDigits() throws(MultiformatsError) {
        let start = at
        while at < end, base[at] &- UInt8(ascii: "0") < 10 { at += 1 }
        guard at > start else { throw unexpected() }
    }

    /// Reads the rest of a string whose opening quote is taken.
    mutating func parseString() throws(MultiformatsError) -> String {
        let start = at
        var isASCII = true
        at = PlainTextScan.end(base, from: at, to: end, isASCII: &isASCII)
        guard at < end else { throw truncated() }
        guard base[at] == UInt8(ascii: "\"") else { return try parseEscapedString(from: start) }
        let bytes = UnsafeBufferPointer(start: base + start, count: at - start)
        let text = isASCII ? String(decoding: bytes, as: UTF8.self) : try string(bytes)
        at += 1
        return text
    }

    private mutating func parseEscapedString(from start: Int) throws(MultiformatsError) -> String {
        var bytes: [UInt8] = []
        bytes.append(contentsOf: UnsafeBufferPointer(start: base + start, count: at - start))
        while at < end {
            switch base[at] {
            case UInt8(ascii: "\""):
                at += 1
                return try string(bytes)
            case UInt8(ascii: "\\"):
                at += 1
                try parseEscape(into: &bytes)
            case 0..<0x20: throw unexpected()
            default:
                let plain = at
                at = PlainTextScan.end(base, from: at, to: end)
                bytes.append(contentsOf: UnsafeBufferPointer(start: base + plain, count: at - plain))
            }
        }
        throw truncated()
    }

    private mutating func parseEscape(into bytes: inout [UInt8]) throws(MultiformatsError) {
        guard at < end else { throw truncated() }
        let character = base[at]
        switch character {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes.append(character)
        case UInt8(ascii: "b"): bytes.append(0x08)
        case UInt8(ascii: "f"): bytes.append(0x0c)
        case UInt8(ascii: "n"): bytes.append(0x0a)
        case UInt8(ascii: "r"): bytes.append(0x0d)
        case UInt8(ascii: "t"): bytes.append(0x09)
        case UInt8(ascii: "u"):
            at += 1
            let scalar = try parseScalar()
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            return
        default: throw unexpected()
        }
        at += 1
    }

    /// Reads four digits, or two such groups that form a surrogate pair.
    private mutating func parseScalar() throws(MultiformatsError) -> Unicode.Scalar {
        let first = try parseHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let lone = MultiformatsError(.invalidText, "the JSON text has a lone surrogate before byte \(at)")
        guard first < 0xdc00, take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw lone }
        let second = try parseHexDigits()
        guard (0xdc00..<0xe000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw lone }
        return scalar
    }

    private mutating func parseHexDigits() throws(MultiformatsError) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < end else { throw truncated() }
            let character = base[at]
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(character - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(character - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(character - UInt8(ascii: "A") + 10)
            default: throw unexpected()
            }
            at += 1
        }
        return value
    }

    @inline(__always)
    private func string(_ bytes: some Collection<UInt8>) throws(MultiformatsError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw MultiformatsError(.invalidText, "the JSON string ending at byte \(at) is not UTF-8")
        }
        return text
    }
}
