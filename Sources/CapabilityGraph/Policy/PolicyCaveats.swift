import Multiformats

/// Decides whether every implementation of RFC 8785 writes a value alike, without which its hash means nothing.
enum PolicyCaveats {
    /// Integers beyond this are rounded by implementations that read numbers as binary64.
    private static let largestExactInteger: Int64 = (1 << 53) - 1

    static func hasOneSpelling(_ json: JSON) -> Bool {
        switch json {
        case .null, .bool, .string: true
        case .number(let number): hasOneSpelling(number)
        case .array(let values): values.allSatisfy(hasOneSpelling)
        case .object(let object):
            // Above U+FFFF the order of UTF-16 units, which RFC 8785 asks for, is not that of UTF-8 bytes.
            object.members.allSatisfy { member in
                member.key.utf8.allSatisfy { $0 < 0xF0 } && hasOneSpelling(member.value)
            }
        }
    }

    private static func hasOneSpelling(_ number: JSONNumber) -> Bool {
        let text = Array(number.text.utf8)
        guard !text.contains(where: { $0 | 0x20 == UInt8(ascii: "e") }), JSON.number(number).canonical() == text else {
            return false
        }
        guard !text.contains(UInt8(ascii: ".")) else { return true }
        guard let value = number.int64 else { return false }
        return value.magnitude <= largestExactInteger.magnitude
    }
}
