/// Writes and reads percent-encoded text (RFC 3986, 2.1).
public enum PercentEncoding {
    /// Keeps letters, digits and `-._~`, and writes every other byte as `%XX`.
    public static func encode(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var result: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: result.append(byte)
            default: result += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Gives the bytes that were encoded, nil for a broken escape; with `plusIsSpace`, `+` is a space as forms send it.
    @inlinable
    public static func bytes(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.underestimatedCount)
        var iterator = text.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return bytes
    }

    /// Gives the text that was encoded; nil for a broken escape, for bytes that are not UTF-8 and for NUL.
    @inlinable
    public static func decode(_ text: some Sequence<UInt8>, plusIsSpace: Bool = false) -> String? {
        guard let bytes = bytes(text, plusIsSpace: plusIsSpace), !bytes.contains(0) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    @usableFromInline
    static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46, 0x61...0x66: (character | 0x20) - 0x61 + 10
        default: nil
        }
    }
}
