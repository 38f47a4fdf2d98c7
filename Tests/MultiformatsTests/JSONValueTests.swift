import CapTesting
import Multiformats
import Testing

@Suite struct JSONValueTests {
    func parse(_ text: String) throws -> JSON { try JSON.parse(Array(text.utf8)) }

    @Test func escapesBecomeTheirCharacters() throws {
        let value = try parse(#""\"\\\/\b\f\n\r\t\u0000\u00e9\u20AC\ud83d\ude00""#)
        #expect(value == .string("\"\\/\u{8}\u{c}\n\r\t\u{0}\u{e9}\u{20ac}\u{1f600}"))
    }

    @Test func whitespaceAroundTokensIsIgnored() throws {
        #expect(try parse(" \t\r\n{ \"a\" : [ 1 , 2 ] , \"b\" : { } } \n") == ["a": [1, 2], "b": [:]])
    }

    @Test func canonicallyEquivalentStringsAreDifferentKeysAndValues() throws {
        let composed = "\u{e9}"
        let decomposed = "e\u{301}"
        #expect(composed == decomposed)
        let object = try #require(try parse("{\"\(composed)\":1,\"\(decomposed)\":2}").object)
        #expect(object[composed] == 1 && object[decomposed] == 2)
        #expect(JSON.string(composed) != JSON.string(decomposed))
        #expect(Set([JSON.string(composed), JSON.string(decomposed)]).count == 2)
        #expect(CBOR.text(composed) != CBOR.text(decomposed))
    }

    @Test func objectsAreEqualWhateverTheOrderOfTheirMembers() throws {
        let left = try parse(#"{"a":1,"b":[{"c":2,"d":3}]}"#)
        let right = try parse(#"{"b":[{"d":3,"c":2}],"a":1}"#)
        #expect(left == right && left.hashValue == right.hashValue)
        #expect(left != (try parse(#"{"a":1,"b":[{"c":2,"e":3}]}"#)))
        #expect(left != (try parse(#"{"a":1}"#)))
    }

    @Test func objectFindsReplacesAndRemovesAcrossTheIndexBoundary() {
        var object = JSONObject()
        for index in 0..<40 { object["key\(index)"] = JSON.number(JSONNumber(index)) }
        for index in stride(from: 0, to: 40, by: 2) { object["key\(index)"] = "even" }
        for index in stride(from: 0, to: 40, by: 3) { object["key\(index)"] = nil }
        for index in 0..<40 {
            let expected: JSON? =
                index % 3 == 0 ? nil : index % 2 == 0 ? "even" : JSON.number(JSONNumber(index))
            #expect(object["key\(index)"] == expected, "key\(index)")
        }
        #expect(object.count == 26)
    }

    @Test func serializedKeepsOrderAndNumbersAndEscapesOnlyWhatMustBe() throws {
        let text = #"{"b":1.50e+3,"a":[null,true,false,"/é\u007f\"\\\n\u001f"],"":{}}"#
        let value = try parse(text)
        let written = String(decoding: value.serialized(), as: UTF8.self)
        #expect(written == "{\"b\":1.50e+3,\"a\":[null,true,false,\"/é\u{7f}\\\"\\\\\\n\\u001f\"],\"\":{}}")
        #expect(try parse(written) == value)
    }

    static let canonicalNumbers: [(String, String)] = [
        ("0", "0"), ("-0", "0"), ("-0.0", "0"), ("1.0", "1"), ("1e2", "100"), ("-1.50", "-1.5"),
        ("9007199254740993", "9007199254740993"), ("1e21", "1e+21"), ("1e20", "100000000000000000000"),
        ("123456789012345680000.0", "123456789012345680000"), ("1E-6", "0.000001"), ("1e-7", "1e-7"),
        ("0.00000012", "1.2e-7"), ("4.5", "4.5"), ("2e-3", "0.002"), ("333333333.33333329", "333333333.3333333"),
        ("1e23", "1e+23"), ("5e-324", "5e-324"), ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ]

    @Test(arguments: canonicalNumbers) func canonicalNumbersHaveOneForm(text: String, canonical: String) throws {
        #expect(String(decoding: try parse(text).canonical(), as: UTF8.self) == canonical)
    }

    @Test func canonicalSortsKeysByBytesAtEveryLevel() throws {
        let value = try parse(
            "{\"b\":{\"z\":1,\"a\":2},\"a\":1,\"\u{e9}\":3,\"B\":4,\"\u{1f600}\":5,\"\u{ff5e}\":6,\"ab\":7}")
        let written = String(decoding: value.canonical(), as: UTF8.self)
        #expect(
            written == "{\"B\":4,\"a\":1,\"ab\":7,\"b\":{\"a\":2,\"z\":1},\"\u{e9}\":3,\"\u{ff5e}\":6,\"\u{1f600}\":5}")
    }

    @Test func writerPlacesCommasAndEscapes() {
        var writer = JSONWriter()
        writer.beginArray()
        writer.int(Int64.min)
        writer.int(UInt64.max)
        writer.int(7 as UInt8)
        writer.beginObject()
        writer.key("a\"b")
        writer.string("line\nend of a longer text")
        writer.key("c")
        writer.raw("[1]".utf8)
        writer.key("d")
        writer.beginArray()
        writer.endArray()
        writer.endObject()
        writer.null()
        writer.bool(false)
        writer.endArray()
        let expected =
            #"[-9223372036854775808,18446744073709551615,7,"#
            + #"{"a\"b":"line\nend of a longer text","c":[1],"d":[]},null,false]"#
        #expect(String(decoding: writer.bytes, as: UTF8.self) == expected)
    }
}
