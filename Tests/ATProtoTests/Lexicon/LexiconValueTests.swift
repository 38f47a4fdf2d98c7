import ATProto
import Multiformats
import Testing

@Suite struct LexiconValueTests {
    struct Case: Sendable {
        let schema: String
        let taken: [String]
        /// Values and what is said of each after the path to the record's member `x`.
        let refused: [(value: String, reason: String)]
    }

    static let cid = "bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx244"
    static let blob = """
        {"$type":"blob","ref":{"$link":"\(cid)"},"mimeType":"image/png","size":10}
        """

    static let cases: [Case] = [
        Case(
            schema: #"{"type":"boolean"}"#, taken: ["true", "false"],
            refused: [("1", "must be `true` or `false`"), ("\"true\"", "must be `true` or `false`")]),
        Case(schema: #"{"type":"boolean","const":true}"#, taken: ["true"], refused: [("false", "must be `true`")]),
        Case(
            schema: #"{"type":"integer","minimum":-2,"maximum":5}"#, taken: ["-2", "0", "5"],
            refused: [
                ("-3", "must be at least -2"), ("6", "must be at most 5"), ("1.0", "must be an integer"),
                ("1e0", "must be an integer"), ("\"1\"", "must be an integer"),
                ("9223372036854775808", "must be an integer"),
            ]),
        Case(
            schema: #"{"type":"integer","enum":[1,3]}"#, taken: ["1", "3"], refused: [("2", "must be one of 1, 3")]),
        Case(schema: #"{"type":"integer","const":7}"#, taken: ["7"], refused: [("8", "must be one of 7")]),
        Case(
            schema: #"{"type":"string","minLength":2,"maxLength":4}"#, taken: [#""ab""#, #""éé""#],
            refused: [
                (#""a""#, "must have at least 2 bytes"), (#""abcde""#, "must have at most 4 bytes"),
                (#""ééa""#, "must have at most 4 bytes"), ("12", "must be a text"),
            ]),
        Case(
            schema: #"{"type":"string","minGraphemes":1,"maxGraphemes":2}"#,
            taken: [#""ab""#, "\"\u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F466}e\u{301}\""],
            refused: [(#""abc""#, "must have at most 2 characters"), (#""""#, "must have at least 1 characters")]),
        Case(
            schema: #"{"type":"string","enum":["é","b"]}"#, taken: ["\"\u{e9}\"", #""b""#],
            refused: [("\"e\u{301}\"", "must be one of `é`, `b`"), (#""c""#, "must be one of `é`, `b`")]),
        Case(schema: #"{"type":"string","const":"a"}"#, taken: [#""a""#], refused: [(#""b""#, "must be one of `a`")]),
        Case(schema: #"{"type":"string","knownValues":["a"]}"#, taken: [#""b""#], refused: []),
        Case(
            schema: #"{"type":"bytes","minLength":1,"maxLength":3}"#,
            taken: [#"{"$bytes":"AA"}"#, #"{"$bytes":"AA=="}"#, #"{"$bytes":"AAAA"}"#],
            refused: [
                (#"{"$bytes":""}"#, "must have at least 1 bytes"),
                (#"{"$bytes":"AAAAAA"}"#, "must have at most 3 bytes"),
                (#"{"$bytes":"A"}"#, "must be `{\"$bytes\": …}` in base64"),
                (#"{"$bytes":"AA="}"#, "must be `{\"$bytes\": …}` in base64"),
                (#"{"$bytes":"A-_A"}"#, "must be `{\"$bytes\": …}` in base64"),
                (#"{"$bytes":"AA","x":1}"#, "must be `{\"$bytes\": …}` in base64"),
                (#""AA""#, "must be `{\"$bytes\": …}` in base64"),
            ]),
        Case(
            schema: #"{"type":"cid-link"}"#, taken: ["{\"$link\":\"\(cid)\"}"],
            refused: [
                (#"{"$link":"bafy"}"#, "must be `{\"$link\": …}` with a CID"),
                ("\"\(cid)\"", "must be `{\"$link\": …}` with a CID"),
            ]),
        Case(
            schema: #"{"type":"blob","accept":["image/*","text/plain"],"maxSize":10}"#,
            taken: [blob, blob.replacing("image/png", with: "text/plain")],
            refused: [
                (blob.replacing(":10", with: ":11"), "must have at most 10 bytes"),
                (
                    blob.replacing("image/png", with: "imagex/png"),
                    "must have a `mimeType` like `image/*`, `text/plain`"
                ),
                (blob.replacing("image/png", with: "text/html"), "must have a `mimeType` like `image/*`, `text/plain`"),
                (blob.replacing("$link", with: "link"), "must have a link as its `ref`"),
                (blob.replacing(":10", with: ":-1"), "must be a blob with `ref`, `mimeType` and `size`"),
                (blob.replacing("\"blob\"", with: "\"lob\""), "must be a blob with `ref`, `mimeType` and `size`"),
            ]),
        Case(
            schema: #"{"type":"array","items":{"type":"integer"},"minLength":1,"maxLength":2}"#,
            taken: ["[1]", "[1,2]"],
            refused: [
                ("[]", "must have at least 1 items"), ("[1,2,3]", "must have at most 2 items"),
                ("{}", "must be a list"),
            ]),
        Case(
            schema: #"{"type":"unknown"}"#, taken: ["{}", #"{"$type":"com.example.else","a":[1]}"#],
            refused: [
                ("1", "must be an object"), ("[]", "must be an object"), (blob, "must not be a blob"),
                (#"{"$bytes":"AA"}"#, "must be an object with members"),
            ]),
        Case(
            schema: ##"{"type":"union","refs":["#point"],"closed":true}"##,
            taken: [#"{"$type":"com.example.thing#point","at":1}"#],
            refused: [
                ("1", "must be an object"), (#"{"at":1}"#, "must have a `$type`"),
                (#"{"$type":"com.example.other"}"#, "must have one of these as `$type`: `com.example.thing#point`"),
                (##"{"$type":"#point","at":1}"##, "must have one of these as `$type`: `com.example.thing#point`"),
            ]),
        Case(
            schema: ##"{"type":"union","refs":["#point","com.example.elsewhere"]}"##,
            taken: [
                #"{"$type":"com.example.other#x"}"#, #"{"$type":"com.example.thing#point","at":1}"#,
                #"{"$type":"com.example.elsewhere"}"#,
            ],
            refused: [(#"{"$type":""}"#, "must have a `$type`"), ("null", "must not be null")]),
        Case(
            schema: ##"{"type":"ref","ref":"#mark"}"##, taken: [#""com.example.thing#mark""#],
            refused: [(#""mark""#, "must be `com.example.thing#mark`"), ("{}", "must be `com.example.thing#mark`")]),
    ]

    @Test(arguments: LexiconValueTests.cases.indices) func valuesAreTakenAndRefused(_ index: Int) throws {
        let one = Self.cases[index]
        let catalog = try Self.catalog(one.schema)
        for value in one.taken { #expect(Self.refusal(value, catalog) == nil, "\(one.schema) \(value)") }
        for (value, reason) in one.refused {
            #expect(Self.refusal(value, catalog) == "`record/x` \(reason)", "\(one.schema) \(value)")
        }
    }

    @Test(arguments: LexiconFormat.allCases) func formatsAreChecked(_ format: LexiconFormat) throws {
        let catalog = try Self.catalog("{\"type\":\"string\",\"format\":\"\(format.rawValue)\"}")
        let space = "at://did:plc:abc/space/com.example.forum/self"
        let samples: (taken: [String], refused: [String]) =
            switch format {
            case .atIdentifier: (["did:plc:abc", "a.test"], ["a", "did:"])
            case .atURI: (["at://a.test", space, space + "/did:plc:b/com.example.post/1"], ["at://", space + "/x"])
            case .cid: ([Self.cid], ["bafy", "QmYtUc4iTCbbfVSDNKvtQqrfyezPPnFvE33wFmutw9PBBk"])
            case .datetime: (["2024-02-29T00:00:00Z"], ["2024-02-29"])
            case .did: (["did:plc:abc"], ["a.test"])
            case .handle: (["a.test"], ["did:plc:abc"])
            case .language: (["en-GB"], ["e"])
            case .nsid: (["com.example.post"], ["com.example"])
            case .recordKey: (["self", "a:b"], [".", "a/b", ""])
            case .spaceReference:
                ([space], [space + "/did:plc:b/com.example.post/1", "at://did:plc:abc", space + "#x"])
            case .tid: (["3kbcq3p7ad422"], ["3kbcq3p7ad42", "0000000000000"])
            case .uri: (["https://a.test/x", "did:plc:abc"], ["a.test", "https:", "https://a b", "1a:b"])
            }
        for text in samples.taken { #expect(Self.refusal("\"\(text)\"", catalog) == nil, "\(text)") }
        for text in samples.refused { #expect(Self.refusal("\"\(text)\"", catalog) != nil, "\(text)") }
    }

    @Test func requiredAndNullableMembers() throws {
        let nullable = try Self.catalog(#"{"type":"integer"}"#, more: #","nullable":["x"]"#)
        #expect(Self.refusal("null", nullable) == nil)
        let plain = try Self.catalog(#"{"type":"integer"}"#)
        #expect(Self.refusal("null", plain) == "`record/x` must not be null")
        #expect(throws: ATProtoError("InvalidRequest", "`record/x` is missing")) {
            try plain.validateRecord(["$type": "com.example.thing"], collection: "com.example.thing", rkey: "a")
        }
        #expect(
            try plain.validateRecord(
                ["$type": "com.example.thing", "x": 1, "y": .null], collection: "com.example.thing", rkey: "a")
                == .valid)
    }

    @Test func recordsAreCheckedByTheirCollection() throws {
        let catalog = try Self.catalog(#"{"type":"integer"}"#, key: "literal:self")
        let record: JSON = ["$type": "com.example.thing", "x": 1]
        #expect(try catalog.validateRecord(record, collection: "com.example.thing", rkey: "self") == .valid)
        #expect(throws: ATProtoError("InvalidRequest", "`rkey` must be `self`")) {
            try catalog.validateRecord(record, collection: "com.example.thing", rkey: "other")
        }
        #expect(throws: ATProtoError("InvalidRequest", "`record/$type` must be `com.example.thing`")) {
            try catalog.validateRecord(["x": 1], collection: "com.example.thing", rkey: "self")
        }
        #expect(try catalog.validateRecord(["x": "?"], collection: "com.example.other", rkey: "self") == .unknown)
        #expect(throws: ATProtoError("InvalidRequest", "the lexicon of `com.example.other` is not known here")) {
            try catalog.validateRecord([:], collection: "com.example.other", rkey: "self", isRequired: true)
        }
    }

    @Test func nestingIsBounded() throws {
        // The schema allows any depth, and one reference leads to itself.
        let catalog = try Self.catalog(##"{"type":"ref","ref":"#nest"}"##)
        var value = JSON.object(JSONObject())
        for _ in 0..<20 { value = ["in": value] }
        #expect(Self.refusal(value, catalog) == nil)
        for _ in 0..<5000 { value = ["in": value] }
        let refusal = try #require(Self.refusal(value, catalog))
        #expect(refusal.hasSuffix("is nested too deeply"))
        let circle = try Self.catalog(##"{"type":"ref","ref":"#circle"}"##)
        #expect(Self.refusal(JSON.bool(true), circle)?.hasSuffix("is nested too deeply") == true)
    }

    static func catalog(_ schema: String, key: String = "any", more: String = "") throws -> LexiconCatalog {
        let text = """
            {"lexicon":1,"id":"com.example.thing","defs":{
              "main":{"type":"record","key":"\(key)","record":{
                "type":"object","required":["x"],"properties":{"x":\(schema)}\(more)}},
              "point":{"type":"object","required":["at"],"properties":{"at":{"type":"integer"}}},
              "nest":{"type":"object","properties":{"in":{"type":"ref","ref":"#nest"}}},
              "circle":{"type":"ref","ref":"#circle"},
              "mark":{"type":"token"}}}
            """
        return try LexiconCatalog([LexiconDocument(text: Array(text.utf8))])
    }

    private static func refusal(_ value: String, _ catalog: LexiconCatalog) -> String? {
        guard let json = try? JSON.parse(Array(value.utf8)) else { return "no JSON" }
        return refusal(json, catalog)
    }

    private static func refusal(_ value: JSON, _ catalog: LexiconCatalog) -> String? {
        do throws(ATProtoError) {
            _ = try catalog.validateRecord(
                ["$type": "com.example.thing", "x": value], collection: "com.example.thing", rkey: "a")
            return nil
        } catch {
            return error.message
        }
    }
}
