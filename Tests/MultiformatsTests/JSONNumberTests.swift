import CapTesting
import Multiformats
import Testing

@Suite struct JSONNumberTests {
    static let scaled: [(String, Int, Int64?, Int64?)] = [
        ("0", 6, 0, 0), ("-0", 6, 0, 0), ("0.000", 6, 0, 0), ("0e999999999999999999999", 6, 0, 0),
        ("1785502800", 6, 1_785_502_800_000_000, 1_785_502_800_000_000),
        ("1785502800.0", 6, 1_785_502_800_000_000, 1_785_502_800_000_000),
        ("1785502800.1234567", 6, 1_785_502_800_123_456, 1_785_502_800_123_457),
        ("1785502800.1234560", 6, 1_785_502_800_123_456, 1_785_502_800_123_456),
        ("-1.5", 0, -2, -1), ("1.5", 0, 1, 2), ("-0.1", 0, -1, 0), ("0.1", 0, 0, 1),
        ("1e-400", 6, 0, 1), ("-1e-400", 6, -1, 0), ("1e400", 6, nil, nil),
        ("1e99999999999999999999999999", 0, nil, nil), ("1e-99999999999999999999999999", 0, 0, 1),
        ("1.785502800e9", 6, 1_785_502_800_000_000, 1_785_502_800_000_000),
        ("17855028000000000000E-10", 0, 1_785_502_800, 1_785_502_800),
        ("9223372036854775807", 0, .max, .max), ("9223372036854775808", 0, nil, nil),
        ("9223372036854775807.5", 0, .max, nil), ("-9223372036854775808", 0, .min, .min),
        ("-9223372036854775808.5", 0, nil, .min), ("-9223372036854775809", 0, nil, nil),
        ("9999999999999999999", 0, nil, nil), ("99999999999999999999", 0, nil, nil),
        ("123", -2, 1, 2), ("100", -2, 1, 1), ("1", 18, 1_000_000_000_000_000_000, 1_000_000_000_000_000_000),
        ("1", 19, nil, nil), ("0.0000000000000000001", 19, 1, 1), ("1", .max, nil, nil), ("1", .min, nil, nil),
    ]

    @Test(arguments: scaled) func decimalIsExact(text: String, scale: Int, down: Int64?, up: Int64?) throws {
        let number = try #require(JSONNumber(text: text))
        #expect(number.decimal(scale: scale, rounding: .down) == down)
        #expect(number.decimal(scale: scale, rounding: .up) == up)
    }

    @Test func longDigitTextsAreReadInOnePass() throws {
        let long = "0." + String(repeating: "0", count: 100_000) + "1e100001"
        #expect(try #require(JSONNumber(text: long)).int64 == 1)
        let zeros = "1" + String(repeating: "0", count: 100_000) + "e-100000"
        #expect(try #require(JSONNumber(text: zeros)).int64 == 1)
    }

    @Test func integersAreIntegersHoweverWritten() throws {
        for (text, value) in [("1", 1), ("1.0", 1), ("10e-1", 1), ("1E2", 100), ("-0", 0), ("-7.00", -7)]
            as [(String, Int64)]
        {
            #expect(JSONNumber(text: text)?.int64 == value)
        }
        for text in ["1.5", "1e-1", "1e19", "9223372036854775808"] { #expect(JSONNumber(text: text)?.int64 == nil) }
    }

    @Test func onlyTheGrammarMakesANumber() {
        for text in ["", " 1", "1 ", "+1", "0x1", "inf", "1.", ".1", "01", "-", "1e", "\"1\"", "[1]"] {
            #expect(JSONNumber(text: text) == nil, "\(text)")
        }
    }

    @Test func doublesAreFiniteOrAbsent() {
        #expect(JSONNumber(text: "1e400")?.double == nil)
        #expect(JSONNumber(text: "0.1")?.double == 0.1)
        #expect(JSONNumber(text: "1e-400")?.double == 0)
    }

    @Test func equalityIsOfTexts() {
        #expect(JSONNumber(text: "1") != JSONNumber(text: "1.0"))
        #expect(JSONNumber(text: "1.0") == JSONNumber(text: "1.0"))
    }
}
