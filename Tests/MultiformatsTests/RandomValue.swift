import CapTesting
import Multiformats

/// Draws values of both data models.
enum RandomValue {
    static func text(_ generator: inout SeededGenerator) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "b", "Z", "0", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1f}", "\u{7f}", "\u{e9}", "\u{301}",
            "\u{20ac}",
            "\u{ffff}", "\u{1f600}", "\u{10ffff}", "\u{2028}",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<generator.int(in: 0...24) { text.append(scalars[generator.int(in: 0...scalars.count - 1)]) }
        return String(text)
    }

    static func json(_ generator: inout SeededGenerator, depth: Int) -> JSON {
        switch generator.int(in: 0...(depth == 0 ? 5 : 9)) {
        case 0: return .null
        case 1: return .bool(generator.next() & 1 == 0)
        case 2: return .number(JSONNumber(Int64(bitPattern: generator.next() >> UInt64(generator.int(in: 0...63)))))
        case 3:
            return JSONNumber(text: "\(Double.random(in: -1e9...1e9, using: &generator))").map { .number($0) } ?? .null
        case 4, 5: return .string(text(&generator))
        case 6, 7:
            return .array((0..<generator.int(in: 0...5)).map { _ in json(&generator, depth: depth - 1) })
        default:
            var object = JSONObject()
            for _ in 0..<generator.int(in: 0...(depth == 4 ? 30 : 5)) {
                object[text(&generator)] = json(&generator, depth: depth - 1)
            }
            return .object(object)
        }
    }

    static func cbor(_ generator: inout SeededGenerator, depth: Int) -> CBOR {
        switch generator.int(in: 0...(depth == 0 ? 7 : 10)) {
        case 0: return .null
        case 1: return .bool(generator.next() & 1 == 0)
        case 2: return .unsigned(generator.next() >> UInt64(generator.int(in: 0...63)))
        case 3: return .negative(generator.next() >> UInt64(generator.int(in: 0...63)))
        case 4: return .double(Double.random(in: -1e300...1e300, using: &generator))
        case 5: return .bytes(generator.bytes(count: generator.int(in: 0...300)))
        case 6: return .text(text(&generator))
        case 7: return .link(CID.ofToken(generator.bytes(count: 8)))
        case 8: return .array((0..<generator.int(in: 0...5)).map { _ in cbor(&generator, depth: depth - 1) })
        default:
            var map = CBORMap()
            for _ in 0..<generator.int(in: 0...5) { map[text(&generator)] = cbor(&generator, depth: depth - 1) }
            return .map(map)
        }
    }
}
