/// Encodes and decodes RFC 4648 base32 in lower case without padding.
public enum Base32Lower {
    private static let alphabet: StaticString = "abcdefghijklmnopqrstuvwxyz234567"

    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: encodedCount(bytes.count)) { out in
            bytes.withUnsafeBufferPointer { encode($0, into: out) }
            return encodedCount(bytes.count)
        }
    }

    static func encodedCount(_ byteCount: Int) -> Int { (byteCount * 8 + 4) / 5 }

    /// Writes `encodedCount` characters to the start of `out`.
    static func encode(_ bytes: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<UInt8>) {
        let digits = alphabet.utf8Start
        var read = 0
        var written = 0
        // Five bytes are eight characters; at the end the missing bits are zero and the characters they fill are left out.
        while read < bytes.count {
            let taken = min(5, bytes.count - read)
            var group: UInt64 = 0
            for offset in 0..<5 { group = group << 8 | (offset < taken ? UInt64(bytes[read + offset]) : 0) }
            let characters = encodedCount(taken)
            for place in 0..<characters { out[written + place] = digits[Int(group >> UInt64(35 - place * 5) & 31)] }
            read += taken
            written += characters
        }
    }

    /// Decodes text; nil for other characters, padding, an impossible length or non-zero trailing bits.
    @inlinable
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        if let result = text.withContiguousStorageIfAvailable(decode(contiguous:)) { return result }
        return Array(text).withUnsafeBufferPointer(decode(contiguous:))
    }

    @usableFromInline
    static func decode(contiguous text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        switch text.count % 8 {
        case 1, 3, 6: return nil
        default: break
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * 5 / 8)
        var pending: UInt32 = 0
        var bits: UInt32 = 0
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - UInt8(ascii: "a")
            case UInt8(ascii: "2")...UInt8(ascii: "7"): value = character - UInt8(ascii: "2") + 26
            default: return nil
            }
            pending = pending << 5 | UInt32(value)
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: pending >> bits))
            }
        }
        guard pending & (1 << bits - 1) == 0 else { return nil }
        return bytes
    }
}
