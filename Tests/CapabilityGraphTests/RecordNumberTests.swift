import CapTesting
import Testing

@testable import CapabilityGraph

/// The numbers of log records, which are read several bytes at a look, against reading them a byte at a time.
@Suite struct RecordNumberTests {
    @Test func numbersComeBackWhateverStandsBehindThem() throws {
        try Property.hold("numbers of records", cases: 200) { generator in
            var random = generator
            let numbers = (0..<Int.random(in: 1...40, using: &random)).map { _ in
                UInt64.random(in: 0...(.max), using: &random) >> UInt64.random(in: 0..<64, using: &random)
            }
            var writer = RecordWriter()
            for number in numbers { writer.number(number) }
            return try writer.bytes.withUnsafeBytes { bytes in
                var reader = RecordReader(bytes)
                for number in numbers {
                    let read = try reader.number()
                    guard read == number else { return "\(number) is read as \(read)" }
                }
                return reader.isAtEnd ? nil : "bytes are left"
            }
        }
    }

    @Test func anyBytesAreReadAsOneByOneOrRefused() throws {
        try Property.hold("bytes of records", cases: 400) { generator in
            var random = generator
            let bytes = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random) | (Bool.random(using: &random) ? 0x80 : 0)
            }
            let expected = Self.slowly(bytes)
            let read: UInt64? = bytes.withUnsafeBytes { buffer in
                var reader = RecordReader(buffer)
                return try? reader.number()
            }
            return read == expected ? nil : "\(bytes) is read as \(String(describing: read))"
        }
    }

    /// The number that bytes begin with; nil where they end inside it or it is larger than 64 bits.
    private static func slowly(_ bytes: [UInt8]) -> UInt64? {
        var digits: [UInt8] = []
        for byte in bytes {
            digits.append(byte & 0x7F)
            if digits.count == 10, byte > 1 { return nil }
            if byte < 0x80 { return digits.reversed().reduce(0) { $0 << 7 | UInt64($1) } }
        }
        return nil
    }
}
