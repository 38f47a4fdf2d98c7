/// Encodes and decodes unsigned LEB128 integers in their one shortest form, at most 9 bytes (63 bits).
public enum Varint {
    public static let maxByteCount = 9

    /// Appends the shortest form of `value`.
    public static func append(_ value: UInt64, to bytes: inout [UInt8]) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    public static func encode(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        append(value, to: &bytes)
        return bytes
    }

    /// Reads one integer from the front of `bytes`; nil when truncated, longer than 9 bytes or not shortest.
    public static func decode(_ bytes: some Collection<UInt8>) -> (value: UInt64, byteCount: Int)? {
        var value: UInt64 = 0
        var count = 0
        for byte in bytes {
            guard count < maxByteCount else { return nil }
            value |= UInt64(byte & 0x7f) << UInt64(7 * count)
            count += 1
            if byte & 0x80 == 0 {
                // A final zero byte after the first adds nothing: a second encoding of the same number.
                return byte == 0 && count > 1 ? nil : (value, count)
            }
        }
        return nil
    }
}
