/// Reads durations as people type them.
enum Span {
    /// The longest duration accepted, 100 years: sums with today's date cannot overflow.
    static let longest: Int64 = 100 * 365 * 86_400

    /// Returns the seconds in `90s`, `15m`, `12h` or `7d`; nil when it is none of these.
    static func seconds(_ text: String) -> Int64? {
        let unit: Int64
        switch text.utf8.last {
        case UInt8(ascii: "s"): unit = 1
        case UInt8(ascii: "m"): unit = 60
        case UInt8(ascii: "h"): unit = 3_600
        case UInt8(ascii: "d"): unit = 86_400
        default: return nil
        }
        let digits = text.utf8.dropLast()
        guard !digits.isEmpty, digits.count <= 10, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let count = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - 0x30) }
        guard count > 0, count <= longest / unit else { return nil }
        return count * unit
    }
}
