/// Names 32 bytes by the hash function that made them; only functions trusted for identity can be spelled.
public struct Multihash: Hashable, Sendable {
    /// Lists hash functions by their multicodec, spelled as in its table.
    public enum Code: UInt8, Sendable, CaseIterable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case sha2_256 = 0x12
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case blake3_256 = 0x1e
    }

    public let code: Code
    public let digest: Digest

    public init(code: Code, digest: Digest) {
        self.code = code
        self.digest = digest
    }

    /// Takes exactly 34 bytes: code, length 32, digest.
    public init(bytes: some Collection<UInt8>) throws(MultiformatsError) {
        var rest = bytes[...]
        guard let first = rest.popFirst(), let length = rest.popFirst() else {
            throw MultiformatsError(.truncated, "the multihash is shorter than its head")
        }
        guard let code = Code(rawValue: first) else {
            throw MultiformatsError(.unsupported, "the hash code `\(first)` is neither sha2-256 nor blake3-256")
        }
        guard length == 32, let digest = Digest(rest) else {
            throw MultiformatsError(.outOfRange, "the multihash does not hold exactly 32 bytes")
        }
        self.init(code: code, digest: digest)
    }

    /// Gives 34 bytes: code, length 32, digest.
    public var bytes: [UInt8] { [code.rawValue, 32] + digest.bytes }
}

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

    /// Bytes of the shortest form of `value`.
    public static func byteCount(of value: UInt64) -> Int { max(1, (70 - value.leadingZeroBitCount) / 7) }

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
