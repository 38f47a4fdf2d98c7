/// Keeps a number as the text it was written in; two numbers are equal when their texts are.
public struct JSONNumber: Sendable, Hashable, CustomStringConvertible {
    /// Says which neighbour an inexact value becomes: the lower or the higher integer, also below zero.
    public enum Rounding: Sendable {
        case down
        case up
    }

    /// Always ASCII and within the grammar of RFC 8259.
    public let text: String

    init(validated text: String) { self.text = text }

    public init(_ value: some FixedWidthInteger) { text = String(value) }

    /// Takes a text of the grammar of RFC 8259; nil for any other.
    public init?(text: String) {
        guard case .number(let number)? = try? JSON.parse(Array(text.utf8)), text.utf8.count == number.text.utf8.count
        else { return nil }
        self = number
    }

    public var description: String { text }

    /// Gives the value when it is an integer in range, however it is written; nil otherwise.
    public var int64: Int64? {
        guard let low = decimal(scale: 0, rounding: .down), low == decimal(scale: 0, rounding: .up) else { return nil }
        return low
    }

    /// Gives the nearest binary value; nil when it is not finite.
    public var double: Double? {
        guard let value = Double(text), value.isFinite else { return nil }
        return value
    }

    /// Gives value x 10^scale as an integer, computed on the text without loss; nil outside the 64-bit range.
    public func decimal(scale: Int, rounding: Rounding) -> Int64? {
        JSONDecimal(text).scaled(scale, rounding: rounding)
    }
}

extension JSONNumber {
    /// Gives integers digit for digit, other numbers as ECMAScript prints the nearest binary value.
    var canonicalText: String {
        if text.utf8.elementsEqual("-0".utf8) { return "0" }
        // Integer texts are canonical as they stand and keep all their digits.
        if !text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e") }) { return text }
        guard let value = double else { return text }
        return Self.ecmaScript(value)
    }

    /// Prints a finite value with the fewest digits that identify it, laid out by ECMA-262 Number::toString.
    private static func ecmaScript(_ value: Double) -> String {
        if value == 0 { return "0" }
        if value < 0 { return "-" + ecmaScript(-value) }
        var digits: [UInt8] = []
        var exponent = 0  // of the first digit's place, plus one
        var pointSeen = false
        var written: [UInt8] = []
        var inExponent = false
        for character in value.description.utf8 {
            switch character {
            case UInt8(ascii: "e"): inExponent = true
            case UInt8(ascii: "."): pointSeen = true
            default:
                if inExponent {
                    written.append(character)
                } else if character != UInt8(ascii: "0") || !digits.isEmpty {
                    digits.append(character)
                    if !pointSeen { exponent += 1 }
                } else if pointSeen {
                    exponent -= 1
                }
            }
        }
        exponent += Int(String(decoding: written, as: UTF8.self)) ?? 0
        while digits.last == UInt8(ascii: "0") { digits.removeLast() }
        return layOut(digits, exponent: exponent)
    }

    private static func layOut(_ digits: [UInt8], exponent: Int) -> String {
        let zero = UInt8(ascii: "0")
        var out: [UInt8]
        switch exponent {
        case digits.count...21 where digits.count <= 21:
            out = digits + Array(repeating: zero, count: exponent - digits.count)
        case 1...21:
            out = Array(digits[..<exponent]) + [UInt8(ascii: ".")] + digits[exponent...]
        case -5...0:
            out = [zero, UInt8(ascii: ".")] + Array(repeating: zero, count: -exponent) + digits
        default:
            out = [digits[0]]
            if digits.count > 1 { out += [UInt8(ascii: ".")] + digits[1...] }
            out += [UInt8(ascii: "e"), exponent > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-")]
            out += String(abs(exponent - 1)).utf8
        }
        return String(decoding: out, as: UTF8.self)
    }
}

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
