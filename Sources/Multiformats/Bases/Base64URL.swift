/// Encodes and decodes RFC 4648 base64url, strictly.
public enum Base64URL {
    /// Says what `=` signs at the end mean to `decode`.
    public enum Padding: Sendable {
        case forbidden
        case required
        case either
    }

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xff, count: 256)
        for index in 0..<64 { table[Int(alphabet.utf8Start[index])] = UInt8(index) }
        return table
    }()

    public static func encode(_ bytes: [UInt8], padded: Bool = false) -> String {
        let count = encodedCount(bytes.count, padded: padded)
        return String(unsafeUninitializedCapacity: count) { out in
            bytes.withUnsafeBufferPointer { encode($0, into: out, padded: padded) }
            return count
        }
    }

    static func encodedCount(_ byteCount: Int, padded: Bool) -> Int {
        padded ? (byteCount + 2) / 3 * 4 : (byteCount * 4 + 2) / 3
    }

    /// Writes `encodedCount` characters to the start of `out`.
    static func encode(
        _ bytes: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<UInt8>, padded: Bool
    ) {
        let digits = alphabet.utf8Start
        var read = 0
        var written = 0
        while read + 2 < bytes.count {
            let group = Int(bytes[read]) << 16 | Int(bytes[read + 1]) << 8 | Int(bytes[read + 2])
            out[written] = digits[group >> 18]
            out[written + 1] = digits[group >> 12 & 63]
            out[written + 2] = digits[group >> 6 & 63]
            out[written + 3] = digits[group & 63]
            read += 3
            written += 4
        }
        guard read < bytes.count else { return }
        let second = read + 1 < bytes.count ? Int(bytes[read + 1]) : 0
        let group = Int(bytes[read]) << 16 | second << 8
        out[written] = digits[group >> 18]
        out[written + 1] = digits[group >> 12 & 63]
        written += 2
        if read + 1 < bytes.count {
            out[written] = digits[group >> 6 & 63]
            written += 1
        }
        for place in written..<encodedCount(bytes.count, padded: padded) { out[place] = UInt8(ascii: "=") }
    }

    /// Decodes text; nil for other characters, whitespace, wrong padding or non-zero trailing bits.
    @inlinable
    public static func decode(_ text: some Collection<UInt8>, padding: Padding = .forbidden) -> [UInt8]? {
        if let result = text.withContiguousStorageIfAvailable({ decode(contiguous: $0, padding: padding) }) {
            return result
        }
        return Array(text).withUnsafeBufferPointer { decode(contiguous: $0, padding: padding) }
    }

    @usableFromInline
    static func decode(contiguous text: UnsafeBufferPointer<UInt8>, padding: Padding) -> [UInt8]? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let signs = text.count - count
        let wanted = (4 - count % 4) % 4
        guard wanted != 3 else { return nil }
        switch padding {
        case .forbidden: guard signs == 0 else { return nil }
        case .required: guard signs == wanted else { return nil }
        case .either: guard signs == 0 || signs == wanted else { return nil }
        }
        let byteCount = count * 3 / 4
        var valid = true
        let bytes = values.withUnsafeBufferPointer { values in
            [UInt8](unsafeUninitializedCapacity: byteCount) { out, initialized in
                var read = 0
                var written = 0
                var seen: UInt8 = 0  // bit 6 or 7 is set by any character outside the alphabet
                while read + 4 <= count {
                    let a = values[Int(text[read])]
                    let b = values[Int(text[read + 1])]
                    let c = values[Int(text[read + 2])]
                    let d = values[Int(text[read + 3])]
                    seen |= a | b | c | d
                    out[written] = a << 2 | b >> 4
                    out[written + 1] = b << 4 | c >> 2
                    out[written + 2] = c << 6 | d
                    read += 4
                    written += 3
                }
                if read < count {
                    let a = values[Int(text[read])]
                    let b = values[Int(text[read + 1])]
                    let c = read + 2 < count ? values[Int(text[read + 2])] : 0
                    seen |= a | b | c
                    out[written] = a << 2 | b >> 4
                    written += 1
                    if read + 2 < count {
                        out[written] = b << 4 | c >> 2
                        written += 1
                        if c & 3 != 0 { seen = 0xff }
                    } else if b & 15 != 0 {
                        seen = 0xff
                    }
                }
                valid = seen < 64
                initialized = written
            }
        }
        return valid ? bytes : nil
    }
}
