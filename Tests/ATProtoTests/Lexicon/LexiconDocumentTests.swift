import ATProto
import Multiformats
import Testing

@Suite struct LexiconDocumentTests {
    static let refused: [(definition: String, reason: String)] = [
        (#"{"type":"other"}"#, "`main` of `com.example.thing` has a `type` that is not known"),
        (#"{}"#, "`main` of `com.example.thing` must have a text `type`"),
        (#"[]"#, "`main` of `com.example.thing` must be an object"),
        (
            #"{"type":"string","format":"dog"}"#, "`main` of `com.example.thing` has a `format` that is not known"
        ),
        (#"{"type":"string","enum":[]}"#, "`main` of `com.example.thing` has an empty `enum`"),
        (#"{"type":"string","enum":[1]}"#, "`main` of `com.example.thing` must have a list of texts as `enum`"),
        (
            #"{"type":"integer","minimum":1.5}"#,
            "`main` of `com.example.thing` must have an integer as `minimum`"
        ),
        (#"{"type":"array"}"#, "`main` of `com.example.thing` has no `items`"),
        (
            #"{"type":"object","properties":{"a":{"type":"array","items":{"type":"what"}}}}"#,
            "`main/a/items` of `com.example.thing` has a `type` that is not known"
        ),
        (
            #"{"type":"object","required":["a"],"properties":{}}"#,
            "`main` of `com.example.thing` requires or nulls `a`, which it does not describe"
        ),
        (#"{"type":"union","refs":[],"closed":true}"#, "`main` of `com.example.thing` is a closed union of nothing"),
        (##"{"type":"ref","ref":"#"}"##, "`main` of `com.example.thing` has a malformed reference"),
        (
            #"{"type":"record","key":"some","record":{"type":"object"}}"#,
            "`main` of `com.example.thing` has a `key` of no known kind"
        ),
        (
            #"{"type":"query","parameters":{"type":"params","properties":{"a":{"type":"object"}}}}"#,
            "`main/parameters` of `com.example.thing` has a parameter `a` that no query string can hold"
        ),
        (
            ##"{"type":"ref","ref":"#none"}"##,
            "`com.example.thing#main` refers to `com.example.thing#none`, which is not here"
        ),
        (
            #"{"type":"union","refs":["com.example.none"],"closed":true}"#,
            "`com.example.thing#main` refers to `com.example.none`, which is not here"
        ),
    ]

    @Test(arguments: LexiconDocumentTests.refused.indices) func brokenDefinitionsAreRefusedByPlace(_ index: Int) {
        let (definition, reason) = Self.refused[index]
        #expect(throws: ATProtoError("InvalidLexicon", reason)) {
            try LexiconCatalog([LexiconDocument(text: Self.text(definition))])
        }
    }

    @Test func documentsAreBounded() {
        var definition = #"{"type":"boolean"}"#
        for _ in 0..<40 { definition = "{\"type\":\"array\",\"items\":\(definition)}" }
        #expect(throws: ATProtoError.self) { try LexiconDocument(text: Self.text(definition)) }
        let long = [UInt8](repeating: 0x20, count: LexiconDocument.limits.maxBytes) + Self.text(#"{"type":"token"}"#)
        #expect(throws: ATProtoError.self) { try LexiconDocument(text: long) }
        #expect(throws: ATProtoError.self) { try LexiconDocument(["lexicon": 2, "id": "a.b.c", "defs": [:]]) }
        #expect(throws: ATProtoError.self) { try LexiconDocument(["lexicon": 1, "id": "a", "defs": ["main": [:]]]) }
    }

    @Test func oneNameIsGivenOnce() throws {
        let document = try LexiconDocument(text: Self.text(#"{"type":"token"}"#))
        #expect(throws: ATProtoError("InvalidLexicon", "`com.example.thing` is given twice")) {
            try LexiconCatalog([document, document])
        }
    }

    @Test func spaceTypesNameTheirCollections() throws {
        let text = #"{"type":"space","key":"any","name":"Forum","collections":["com.example.post"]}"#
        let document = try LexiconDocument(text: Self.text(text))
        #expect(
            document.definitions["main"]
                == .space(LexiconSpaceType(key: "any", name: "Forum", collections: ["com.example.post"])))
        for broken in [text.replacing("example.post", with: "post"), text.replacing("collections", with: "c")] {
            #expect(throws: ATProtoError.self) { try LexiconDocument(text: Self.text(broken)) }
        }
    }

    private static func text(_ definition: String) -> [UInt8] {
        Array("{\"lexicon\":1,\"id\":\"com.example.thing\",\"defs\":{\"main\":\(definition)}}".utf8)
    }
}
