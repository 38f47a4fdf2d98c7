import CapTesting
import Multiformats
import Testing

@Suite struct JSONRefusalTests {
    static let refused: [(String, MultiformatsError.Code)] = [
        ("", .truncated), (" ", .truncated), ("{", .truncated), ("[", .truncated), ("\"", .truncated),
        ("[1", .truncated), ("[1,", .truncated), ("{\"a\"", .truncated), ("{\"a\":", .truncated),
        ("{\"a\":1", .truncated), ("{\"a\":1,", .truncated), ("tru", .truncated), ("nul", .truncated),
        ("-", .truncated), ("1.", .truncated), ("1e", .truncated), ("1e+", .truncated), ("\"\\", .truncated),
        ("\"\\u", .truncated), ("\"\\u00", .truncated),
        ("[1,]", .invalidSyntax), ("{\"a\":1,}", .invalidSyntax), ("[,1]", .invalidSyntax), ("{,}", .invalidSyntax),
        ("[1 2]", .invalidSyntax), ("{\"a\" 1}", .invalidSyntax), ("{a:1}", .invalidSyntax),
        ("{'a':1}", .invalidSyntax), ("{1:1}", .invalidSyntax), ("{\"a\":1 \"b\":2}", .invalidSyntax),
        ("NaN", .invalidSyntax), ("Infinity", .invalidSyntax), ("-Infinity", .invalidSyntax), ("[nan]", .invalidSyntax),
        ("+1", .invalidSyntax), (".5", .invalidSyntax), ("-.5", .invalidSyntax), ("1.e5", .invalidSyntax),
        ("0x10", .trailingData), ("01", .trailingData), ("-01", .trailingData), ("00", .trailingData),
        ("1_000", .trailingData), ("True", .invalidSyntax), ("nulL", .invalidSyntax), ("undefined", .invalidSyntax),
        ("1 2", .trailingData), ("{}{}", .trailingData), ("[]]", .trailingData), ("null,", .trailingData),
        ("{} //x", .trailingData), ("/*x*/1", .invalidSyntax), ("1\u{0}", .trailingData), ("\u{feff}1", .invalidSyntax),
        ("\u{a0}1", .invalidSyntax), ("\u{b}1", .invalidSyntax),
        ("\"a\nb\"", .invalidSyntax), ("\"a\tb\"", .invalidSyntax), ("\"\u{0}\"", .invalidSyntax),
        ("\"\u{1f}\"", .invalidSyntax), ("\"\\x\"", .invalidSyntax), ("\"\\'\"", .invalidSyntax),
        ("\"\\U0041\"", .invalidSyntax), ("\"\\u004g\"", .invalidSyntax), ("\"\\u+041\"", .invalidSyntax),
        ("\"\\\u{0}\"", .invalidSyntax),
        ("\"\\ud800\"", .invalidText), ("\"\\udc00\"", .invalidText), ("\"\\udfff x\"", .invalidText),
        ("\"\\ud83d\\u0041\"", .invalidText), ("\"\\ud83d\\n\"", .invalidText), ("\"\\ud83dx\"", .invalidText),
        ("\"\\udc00\\ud800\"", .invalidText), ("\"\\ud83d\\ud83d\"", .invalidText),
        ("{\"\\ud800\":1}", .invalidText),
        ("{\"a\":1,\"a\":2}", .duplicateKey), ("{\"a\":1,\"\\u0061\":2}", .duplicateKey),
        ("{\"\\/\":1,\"/\":2}", .duplicateKey), ("{\"\":1,\"\":2}", .duplicateKey),
        ("[{\"x\":{\"\\u00e9\":1,\"\u{e9}\":1}}]", .duplicateKey),
        ("{\"\\ud83d\\ude00\":1,\"\u{1f600}\":1}", .duplicateKey),
    ]

    @Test(arguments: refused) func hostileTextIsRefused(text: String, code: MultiformatsError.Code) {
        #expect(throws: MultiformatsError(code, "")) { try JSON.parse(Array(text.utf8)) }
    }

    static let notUTF8: [[UInt8]] = [
        [0x80], [0xbf], [0xc0, 0x80], [0xc0, 0xaf], [0xc1, 0xbf], [0xc3], [0xc3, 0x28], [0xe0, 0x80, 0xaf],
        [0xe0, 0x9f, 0xbf], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xf0, 0x80, 0x80, 0xaf],
        [0xf0, 0x8f, 0xbf, 0xbf], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80], [0xff], [0xfe],
        [0xf8, 0x88, 0x80, 0x80, 0x80], [0xf0, 0x9f, 0x98],
    ]

    @Test(arguments: notUTF8) func textThatIsNotUTF8IsRefused(bytes: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        for padding in [0, 1, 7, 8, 20] {
            let plain = [UInt8](repeating: UInt8(ascii: "a"), count: padding)
            for text in [plain + bytes, bytes + plain, plain + bytes + plain] {
                #expect(throws: MultiformatsError(.invalidText, "")) { try JSON.parse([quote] + text + [quote]) }
                let escaped = Array("\\n".utf8) + text
                #expect(throws: MultiformatsError(.invalidText, "")) { try JSON.parse([quote] + escaped + [quote]) }
                let key = Array("{\"".utf8) + text + Array("\":1}".utf8)
                #expect(throws: MultiformatsError(.invalidText, "")) { try JSON.parse(key) }
            }
        }
    }

    @Test func nestingIsRefusedBeyondTheLimitAndNoSooner() throws {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            func nested(_ depth: Int) -> [UInt8] {
                let inner = open == "[" ? "" : "1"
                return Array(
                    (String(repeating: open, count: depth) + inner + String(repeating: close, count: depth)).utf8)
            }
            _ = try JSON.parse(nested(64))
            #expect(throws: MultiformatsError(.tooDeep, "")) { try JSON.parse(nested(65)) }
            #expect(throws: MultiformatsError(.tooDeep, "")) { try JSON.parse(nested(20_000)) }
            let unclosed = Array(String(repeating: open, count: 20_000).utf8)
            #expect(throws: MultiformatsError(.tooDeep, "")) { try JSON.parse(unclosed) }
        }
    }

    @Test func limitsOnBytesAndValuesHold() throws {
        let text = Array("[1,2,3]".utf8)
        _ = try JSON.parse(text, limits: JSONLimits(maxBytes: 7, maxMembers: 4))
        #expect(throws: MultiformatsError(.tooLarge, "")) { try JSON.parse(text, limits: JSONLimits(maxBytes: 6)) }
        #expect(throws: MultiformatsError(.tooMany, "")) { try JSON.parse(text, limits: JSONLimits(maxMembers: 3)) }
    }

    @Test func everyPrefixOfATextIsRefused() throws {
        let text = Array(#"{"a":[1.5e-3,true,false,null,"x\n\ud83d\ude00é"],"b":{"c":""}}"#.utf8)
        _ = try JSON.parse(text)
        for count in 0..<text.count {
            #expect(throws: MultiformatsError.self, "prefix of \(count)") { try JSON.parse(Array(text[..<count])) }
        }
    }

    @Test func duplicateAmongManyMembersIsFoundWithoutQuadraticWork() throws {
        let members = (0..<20_000).map { "\"key\($0)\":\($0)" }
        let text = "{" + members.joined(separator: ",") + "}"
        let object = try #require(try JSON.parse(Array(text.utf8)).object)
        #expect(object.count == 20_000)
        #expect(object["key19999"]?.number?.int64 == 19_999)
        #expect(object["key20000"] == nil)
        let doubled = "{" + members.joined(separator: ",") + ",\"k\\u0065y7\":1}"
        #expect(throws: MultiformatsError(.duplicateKey, "")) { try JSON.parse(Array(doubled.utf8)) }
    }
}
