/// Holds a timestamp identifier: 53 bits of microseconds since 1970 and 10 bits of clock identifier, top bit 0.
///
/// Its text is 13 characters of base32-sortable, so texts order as values do (vectors `spaces/tid.json`).
public struct TID: Hashable, Comparable, Sendable, CustomStringConvertible {
    private static let alphabet = Array("234567abcdefghijklmnopqrstuvwxyz".utf8)

    /// The values of the alphabet's characters, and 0xFF for every other byte.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()

    /// Below 2^63 in every identifier made here; the published syntax also admits the upper half.
    public let value: UInt64

    public init(value: UInt64) { self.value = value }

    /// Times outside 0...2^53-1 become the nearest bound; of the clock identifier the low 10 bits count.
    public init(microseconds: Int64, clockID: UInt16) {
        let clamped = UInt64(min(max(microseconds, 0), (1 << 53) - 1))
        value = clamped << 10 | UInt64(clockID & 0x3FF)
    }

    /// Reads the 13 characters; throws `InvalidRequest`.
    public init(_ text: String) throws(ATProtoError) {
        guard let value = TID.decode(text) else { throw .invalidRequest("\(ASCIIText.quoted(text)) is no TID") }
        self.value = value
    }

    public static func isValid(_ text: String) -> Bool { decode(text) != nil }

    private static func decode(_ text: String) -> UInt64? {
        guard text.utf8.count == 13 else { return nil }
        var value: UInt64 = 0
        for (place, character) in text.utf8.enumerated() {
            let digit = values[Int(character)]
            // 13 characters hold 65 bits, so the first has one that must be 0.
            guard digit < (place == 0 ? 16 : 32) else { return nil }
            value = value << 5 | UInt64(digit)
        }
        return value
    }

    public var text: String {
        String(unsafeUninitializedCapacity: 13) { out in
            for place in 0..<13 { out[place] = TID.alphabet[Int(value >> UInt64(60 - 5 * place) & 31)] }
            return 13
        }
    }

    public var description: String { text }
    public var microseconds: Int64 { Int64(value >> 10) }
    public var clockID: UInt16 { UInt16(value & 0x3FF) }

    public static func < (left: TID, right: TID) -> Bool { left.value < right.value }

    /// The next revision: the clock's, or one above the last where the clock stands or went back (section 7).
    ///
    /// The highest value has no successor and is given again; what comes from outside must be bounded by the clock.
    public static func next(after last: TID?, microseconds: Int64, clockID: UInt16) -> TID {
        let now = TID(microseconds: microseconds, clockID: clockID)
        guard let last, last >= now else { return now }
        return TID(value: last.value == .max ? .max : last.value + 1)
    }
}
