/// Reads a number text as sign, digits and power of ten; work grows with the text, never with the exponent.
struct JSONDecimal {
    private var negative = false
    /// Significant digits as values 0...9, without leading or trailing zeros; empty for zero.
    private var digits: [UInt8] = []
    /// The value is digits x 10^exponent.
    private var exponent = 0

    /// Exponents beyond this are as good as infinite: no text has that many digits.
    private static let exponentBound = 1 << 40

    /// Takes a text within the grammar of RFC 8259.
    init(_ text: String) {
        var written = 0
        var exponentNegative = false
        var part = Part.integer
        for character in text.utf8 {
            switch character {
            case UInt8(ascii: "-"):
                if part == .exponent { exponentNegative = true } else { negative = true }
            case UInt8(ascii: "."): part = .fraction
            case UInt8(ascii: "e"), UInt8(ascii: "E"): part = .exponent
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = character - UInt8(ascii: "0")
                if part == .exponent {
                    written = min(written * 10 + Int(digit), Self.exponentBound)
                } else {
                    if part == .fraction { exponent -= 1 }
                    if digit != 0 || !digits.isEmpty { digits.append(digit) }
                }
            default: break  // a plus sign before the exponent
            }
        }
        exponent += exponentNegative ? -written : written
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
    }

    private enum Part {
        case integer
        case fraction
        case exponent
    }

    func scaled(_ scale: Int, rounding: JSONNumber.Rounding) -> Int64? {
        guard !digits.isEmpty else { return 0 }
        guard (-Self.exponentBound...Self.exponentBound).contains(scale) else { return nil }
        let power = exponent + scale
        let integerCount = digits.count + power  // digits before the point, zeros included
        guard integerCount <= 19 else { return nil }
        var magnitude: UInt64 = 0
        for index in 0..<max(0, integerCount) {
            magnitude = magnitude * 10 + UInt64(index < digits.count ? digits[index] : 0)
        }
        // Trailing zeros are gone, so any digit behind the point makes the value inexact.
        if power < 0, negative == (rounding == .down) { magnitude += 1 }
        if negative { return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil }
        return Int64(exactly: magnitude)
    }
}
