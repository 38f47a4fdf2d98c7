public import Multiformats

/// Holds an instant as microseconds since 1970-01-01T00:00:00Z, without leap seconds.
public struct Timestamp: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Says what becomes of digits below the microsecond: expiries round down, not-befores up, so no window widens.
    public enum Rounding: Sendable {
        case down
        case up
    }

    /// The range in which JSON numbers keep microseconds: ±9007199254.740992 seconds (spec/ucan.md B.1).
    static let numberBound: Int64 = 1 << 53

    public let microseconds: Int64

    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Takes whole seconds; instants beyond the representable range become the nearest one.
    public init(seconds: Int64) {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        microseconds = overflow ? (seconds < 0 ? .min : .max) : product
    }

    /// Reads a JSON number of seconds with exact decimal arithmetic; throws `malformedTime` out of range.
    init(_ number: JSONNumber, rounding: Rounding, name: String) throws(UCANError) {
        let value = number.decimal(scale: 6, rounding: rounding == .down ? .down : .up)
        guard let value, value.magnitude <= Timestamp.numberBound.magnitude else {
            throw UCANError(
                .malformedTime,
                "`\(name)` is not within 9007199254.740992 seconds of 1970: \(UCANError.quoted(number.text))",
                step: "B.1"
            )
        }
        microseconds = value
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    public var description: String { rfc3339 }

    /// Seconds as the shortest exact JSON number: an integer, or up to six fraction digits.
    public var secondsNumber: JSONNumber {
        let (quotient, remainder) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        guard remainder != 0 else { return JSONNumber(quotient) }
        let digits = String(remainder.magnitude)
        var fraction = Array((String(repeating: "0", count: 6 - digits.utf8.count) + digits).utf8)
        while fraction.last == 0x30 { fraction.removeLast() }
        let sign = microseconds < 0 ? "-" : ""
        let text = "\(sign)\(quotient.magnitude).\(String(decoding: fraction, as: UTF8.self))"
        // The text is digits with one point, which is always a JSON number.
        return JSONNumber(text: text) ?? JSONNumber(quotient)
    }
}
