/// Encodes and decodes lower-case hexadecimal.
public enum Base16 {
    private static let alphabet: StaticString = "0123456789abcdef"

    public static func encode(_ bytes: [UInt8]) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { out in
            let digits = alphabet.utf8Start
            for index in bytes.indices {
                out[2 * index] = digits[Int(bytes[index] >> 4)]
                out[2 * index + 1] = digits[Int(bytes[index] & 15)]
            }
            return bytes.count * 2
        }
    }

    /// Decodes digit pairs; nil for an odd count, upper case or any other character.
    @inlinable
    public static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
        if let result = text.withContiguousStorageIfAvailable(decode(contiguous:)) { return result }
        return Array(text).withUnsafeBufferPointer(decode(contiguous:))
    }

    @usableFromInline
    static func decode(contiguous text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var index = 0
        while index < text.count {
            guard let high = digit(text[index]), let low = digit(text[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
