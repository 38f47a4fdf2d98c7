/// Encodes and decodes RFC 4648 base64 in its standard alphabet, strictly.
public enum Base64 {
    public static func encode(_ bytes: [UInt8], padded: Bool = false) -> String {
        var text = Array(Base64URL.encode(bytes, padded: padded).utf8)
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "-"): text[index] = UInt8(ascii: "+")
            case UInt8(ascii: "_"): text[index] = UInt8(ascii: "/")
            default: break
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Decodes text; nil for other characters, whitespace, wrong padding or non-zero trailing bits.
    public static func decode(
        _ text: some Collection<UInt8>, padding: Base64URL.Padding = .either
    ) -> [UInt8]? {
        var mapped: [UInt8] = []
        mapped.reserveCapacity(text.count)
        for character in text {
            switch character {
            case UInt8(ascii: "+"): mapped.append(UInt8(ascii: "-"))
            case UInt8(ascii: "/"): mapped.append(UInt8(ascii: "_"))
            case UInt8(ascii: "-"), UInt8(ascii: "_"): return nil
            default: mapped.append(character)
            }
        }
        return Base64URL.decode(mapped, padding: padding)
    }
}
