/// Decodes percent-escapes of scope parameters.
enum PercentText {
    /// Gives printable ASCII without blanks; nil for a broken escape or other bytes.
    static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        var decoded: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                decoded.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                return nil
            }
            decoded.append(high << 4 | low)
        }
        guard decoded.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        return String(decoding: decoded, as: UTF8.self)
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46, 0x61...0x66: (character | 0x20) - 0x61 + 10
        default: nil
        }
    }
}
