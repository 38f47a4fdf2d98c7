/// Encodes and decodes RFC 4648 base32 in lower case without padding.
public enum Base32Lower {
    private static let alphabet: StaticString = "abcdefghijklmnopqrstuvwxyz234567"

    public static func encode(_ bytes: [UInt8]) -> String {
        let length = (bytes.count * 8 + 4) / 5
        return String(unsafeUninitializedCapacity: length) { out in
            let digits = alphabet.utf8Start
            var pending: UInt32 = 0
            var bits: UInt32 = 0
            var written = 0
            for byte in bytes {
                pending = pending << 8 | UInt32(byte)
                bits += 8
                while bits >= 5 {
                    bits -= 5
                    out[written] = digits[Int(pending >> bits & 31)]
                    written += 1
                }
            }
            if bits > 0 {
                out[written] = digits[Int(pending << (5 - bits) & 31)]
                written += 1
            }
            return written
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
