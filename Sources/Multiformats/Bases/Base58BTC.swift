/// Encodes and decodes base58 with the Bitcoin alphabet; work grows with the square of the length, so input is capped.
public enum Base58BTC {
    /// Bounds the text accepted by `decode`.
    public static let maxTextByteCount = 256

    private static let alphabet: StaticString = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    /// Five digits fit one 32-bit limb.
    private static let limbBase: UInt64 = 58 * 58 * 58 * 58 * 58

    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xff, count: 256)
        for index in 0..<58 { table[Int(alphabet.utf8Start[index])] = UInt8(index) }
        return table
    }()

    public static func encode(_ bytes: [UInt8]) -> String {
        let zeros = bytes.prefix { $0 == 0 }.count
        var limbs: [UInt64] = []
        for byte in bytes[zeros...] {
            var carry = UInt64(byte)
            for index in limbs.indices {
                carry += limbs[index] << 8
                limbs[index] = carry % limbBase
                carry /= limbBase
            }
            if carry > 0 { limbs.append(carry) }
        }
        var reversed: [UInt8] = []
        reversed.reserveCapacity(limbs.count * 5 + zeros)
        for index in limbs.indices {
            var limb = limbs[index]
            for _ in 0..<5 {
                if limb == 0 && index == limbs.count - 1 { break }
                reversed.append(alphabet.utf8Start[Int(limb % 58)])
                limb /= 58
            }
        }
        for _ in 0..<zeros { reversed.append(UInt8(ascii: "1")) }
        return String(decoding: reversed.reversed(), as: UTF8.self)
    }

    /// Decodes text; nil for other characters or more than 256 of them.
    @inlinable
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        if let result = text.withContiguousStorageIfAvailable(decode(contiguous:)) { return result }
        return Array(text).withUnsafeBufferPointer(decode(contiguous:))
    }

    @usableFromInline
    static func decode(contiguous text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count <= maxTextByteCount else { return nil }
        let values = values
        var zeros = 0
        while zeros < text.count, text[zeros] == UInt8(ascii: "1") { zeros += 1 }
        var limbs: [UInt32] = []  // little-endian, base 2^32
        limbs.reserveCapacity(text.count / 5 + 1)
        var index = zeros
        while index < text.count {
            var group: UInt64 = 0
            var scale: UInt64 = 1
            let groupEnd = min(index + 5, text.count)
            while index < groupEnd {
                let value = values[Int(text[index])]
                guard value < 58 else { return nil }
                group = group * 58 + UInt64(value)
                scale *= 58
                index += 1
            }
            var carry = group
            for limb in limbs.indices {
                carry += UInt64(limbs[limb]) * scale
                limbs[limb] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            if carry > 0 { limbs.append(UInt32(carry)) }
        }
        var bytes = [UInt8](repeating: 0, count: zeros)
        bytes.reserveCapacity(zeros + limbs.count * 4)
        var leading = true
        for limb in limbs.reversed() {
            for shift in [24, 16, 8, 0] as [UInt32] {
                let byte = UInt8(truncatingIfNeeded: limb >> shift)
                if leading && byte == 0 { continue }
                leading = false
                bytes.append(byte)
            }
        }
        return bytes
    }
}
