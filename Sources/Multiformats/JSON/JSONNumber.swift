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
