import CapTesting
import Multiformats
import Testing

@Suite struct CBORRefusalTests {
    /// Hexadecimal encodings outside DAG-CBOR and the rule each breaks.
    static let refused: [(String, MultiformatsError.Code)] = [
        ("", .truncated), ("18", .truncated), ("19ff", .truncated), ("1affffff", .truncated), ("41", .truncated),
        ("61", .truncated), ("81", .truncated), ("a1", .truncated), ("a16161", .truncated), ("fb00", .truncated),
        ("d82a", .truncated), ("d82a42", .truncated), ("9b7fffffffffffffff", .truncated),
        ("5bffffffffffffffff", .truncated), ("7bffffffffffffffff", .truncated), ("bbffffffffffffffff", .truncated),
        ("9affffffff00", .truncated), ("0000", .trailingData), ("f6f6", .trailingData), ("8000", .trailingData),
        // Heads that are not the shortest.
        ("1800", .notCanonical), ("1817", .notCanonical), ("190018", .notCanonical), ("1900ff", .notCanonical),
        ("1a0000ffff", .notCanonical), ("1b00000000ffffffff", .notCanonical), ("3800", .notCanonical),
        ("580161", .notCanonical), ("780161", .notCanonical), ("980100", .notCanonical), ("b8016161f6", .notCanonical),
        ("d9002a450001550000", .notCanonical), ("b801780161f6", .notCanonical), ("a1780161f6", .notCanonical),
        // Floats of other widths, not finite, other simple values.
        ("f90000", .notCanonical), ("fa00000000", .notCanonical), ("fb7ff0000000000000", .unsupported),
        ("fbfff0000000000000", .unsupported), ("fb7ff8000000000000", .unsupported),
        ("fb7ff0000000000001", .unsupported), ("f7", .unsupported), ("e0", .unsupported), ("f3", .unsupported),
        ("f814", .unsupported), ("f8ff", .unsupported), ("fc", .unsupported), ("fd", .unsupported),
        ("fe", .unsupported), ("ff", .unsupported),
        // Indefinite and reserved lengths.
        ("5f4161ff", .unsupported), ("7f6161ff", .unsupported), ("9f00ff", .unsupported), ("bf6161f6ff", .unsupported),
        ("1c", .unsupported), ("1d", .unsupported), ("1e", .unsupported), ("1f", .unsupported), ("3f", .unsupported),
        // Map keys: not text, twice, out of order (length first).
        ("a10000", .unsupported), ("a1416100", .unsupported), ("a1f600", .unsupported),
        ("a2616100616101", .duplicateKey), ("a2616200616101", .unsortedKeys), ("a262616100616201", .unsortedKeys),
        ("a26161006000", .unsortedKeys),
        // Tags: other than 42, not on bytes, without the zero byte, not a CID.
        ("c000", .unsupported), ("c24101", .unsupported), ("d9d9f700", .unsupported), ("d82a00", .unsupported),
        ("d82a6100", .unsupported), ("d82a40", .invalidSyntax), ("d82a4100", .invalidSyntax),
        ("d82a450101550000", .invalidSyntax), ("d82a450002550000", .invalidSyntax),
        ("d82a450001550001", .invalidSyntax),
        ("d82a46000181005500", .invalidSyntax), ("d82ad82a450001550000", .unsupported),
        // Text that is not UTF-8.
        ("6180", .invalidText), ("62c080", .invalidText), ("63eda080", .invalidText), ("64f4908080", .invalidText),
        ("61ff", .invalidText), ("62c328", .invalidText), ("a161ff00", .invalidText),
    ]

    @Test(arguments: refused) func encodingsOutsideTheCanonicalAreRefused(hex: String, code: MultiformatsError.Code)
        throws
    {
        let bytes = try #require(Base16.decode(hex.utf8))
        #expect(throws: MultiformatsError(code, "")) { try CBOR.decode(bytes) }
    }

    @Test func nestingIsRefusedBeyondTheLimitAndNoSooner() throws {
        func arrays(_ depth: Int) -> [UInt8] { [UInt8](repeating: 0x81, count: depth) + [0xf6] }
        func maps(_ depth: Int) -> [UInt8] { (0..<depth).flatMap { _ in [0xa1, 0x61, 0x61] as [UInt8] } + [0xf6] }
        _ = try CBOR.decode(arrays(64))
        _ = try CBOR.decode(maps(64))
        for depth in [65, 20_000] {
            #expect(throws: MultiformatsError(.tooDeep, "")) { try CBOR.decode(arrays(depth)) }
            #expect(throws: MultiformatsError(.tooDeep, "")) { try CBOR.decode(maps(depth)) }
        }
    }

    @Test func limitsOnBytesAndItemsHold() throws {
        let bytes: [UInt8] = [0x83, 1, 2, 3]
        _ = try CBOR.decode(bytes, limits: CBORLimits(maxBytes: 4, maxItems: 4))
        #expect(throws: MultiformatsError(.tooLarge, "")) { try CBOR.decode(bytes, limits: CBORLimits(maxBytes: 3)) }
        #expect(throws: MultiformatsError(.tooMany, "")) { try CBOR.decode(bytes, limits: CBORLimits(maxItems: 3)) }
    }

    @Test func integersReachBothEndsOfTheirRange() throws {
        let cases: [(CBOR, String)] = [
            (.unsigned(.max), "1bffffffffffffffff"), (.negative(.max), "3bffffffffffffffff"),
            (.int(.min), "3b7fffffffffffffff"),
            (.int(.max), "1b7fffffffffffffff"), (.int(-1), "20"), (.int(23), "17"), (.int(24), "1818"),
            (.int(-25), "3818"),
        ]
        for (value, hex) in cases {
            #expect(Base16.encode(value.encoded()) == hex)
            #expect(try CBOR.decode(value.encoded()) == value)
        }
        #expect(CBOR.negative(.max).int64 == nil && CBOR.unsigned(.max).int64 == nil)
        #expect(CBOR.int(.min).int64 == .min && CBOR.int(-1).int64 == -1)
    }

    @Test func mapsSortTheirKeysAndRefuseTwoOfOne() {
        let map = CBORMap([("b", 1), ("aa", 2), ("", 3), ("a", 4)].map { ($0.0, CBOR.int($0.1)) })
        #expect(map?.entries.map(\.key) == ["", "a", "b", "aa"])
        #expect(map?["aa"] == .int(2) && map?["c"] == nil)
        #expect(CBORMap([("a", .null), ("b", .null), ("a", .null)]) == nil)
        var built: CBORMap = ["b": .null, "aa": .null, "b": .bool(true)]
        built["a"] = .int(1)
        built["aa"] = nil
        #expect(built == CBORMap([("a", .int(1)), ("b", .bool(true))]))
    }
}
