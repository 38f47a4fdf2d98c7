import CapTesting
import Multiformats
import Testing

@Suite struct CodecPropertyTests {
    @Test func everyJSONValueSurvivesWritingAndParsing() throws {
        var generator = SeededGenerator.printed("everyJSONValueSurvivesWritingAndParsing")
        for _ in 0..<1000 {
            let value = RandomValue.json(&generator, depth: 4)
            let written = value.serialized()
            let parsed = try JSON.parse(written)
            #expect(parsed == value)
            #expect(parsed.hashValue == value.hashValue)
            #expect(parsed.serialized() == written)
            let canonical = value.canonical()
            #expect(try JSON.parse(canonical).canonical() == canonical)
        }
    }

    @Test func everyCBORValueSurvivesEncodingAndDecoding() throws {
        var generator = SeededGenerator.printed("everyCBORValueSurvivesEncodingAndDecoding")
        for _ in 0..<1000 {
            let value = RandomValue.cbor(&generator, depth: 4)
            let encoded = value.encoded()
            let decoded = try CBOR.decode(encoded)
            #expect(decoded == value)
            #expect(decoded.hashValue == value.hashValue)
            #expect(decoded.encoded() == encoded)
        }
    }

    @Test func changedCBORIsRefusedOrEncodesToItself() {
        var generator = SeededGenerator.printed("changedCBORIsRefusedOrEncodesToItself")
        for _ in 0..<3000 {
            var bytes = RandomValue.cbor(&generator, depth: 3).encoded()
            for _ in 0..<generator.int(in: 1...3) {
                bytes[generator.int(in: 0...bytes.count - 1)] = UInt8(truncatingIfNeeded: generator.next())
            }
            if let value = try? CBOR.decode(bytes) { #expect(value.encoded() == bytes) }
        }
    }

    @Test func changedJSONIsRefusedOrSurvives() throws {
        var generator = SeededGenerator.printed("changedJSONIsRefusedOrSurvives")
        let symbols = Array("{}[]\",:\\u0de.-+ tfn\u{1}".utf8)
        for _ in 0..<3000 {
            var bytes = RandomValue.json(&generator, depth: 3).serialized()
            for _ in 0..<generator.int(in: 1...3) {
                bytes[generator.int(in: 0...bytes.count - 1)] = symbols[generator.int(in: 0...symbols.count - 1)]
            }
            guard let value = try? JSON.parse(bytes) else { continue }
            #expect(try JSON.parse(value.serialized()) == value)
        }
    }
}
