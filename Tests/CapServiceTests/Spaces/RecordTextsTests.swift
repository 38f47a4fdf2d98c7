import ATProto
import Multiformats
import Testing

@testable import CapService
@testable import Spaces

/// What is remembered of a record is told of that record alone: of nobody else's, and of none in another space.
///
/// Whether something was remembered is told by bytes that are not those of the CID, which no store gives.
@Suite struct RecordTextsTests {
    private static let alice = "did:web:alice.example"
    private static let bob = "did:web:bob.example"

    private let texts = RecordTexts()
    private let forum: SpaceURI
    private let elsewhere: SpaceURI

    init() throws {
        forum = try SpaceURI(authority: Self.alice, type: "com.example.forum", skey: "main")
        elsewhere = try SpaceURI(authority: Self.alice, type: "com.example.forum", skey: "other")
    }

    private func object(_ bytes: [UInt8]?, _ number: Int, by author: String, in space: SpaceURI) throws -> JSON {
        let record = StoredRecord(
            author: author, collection: "com.example.post", rkey: "a",
            cid: CID.ofDagCBOR(CBOR.int(Int64(number)).encoded()),
            rev: TID(value: 1), bytes: bytes)
        var json = JSONWriter()
        json.beginObject()
        try texts.write(record, of: space, into: &json)
        json.key("last")
        json.bool(true)
        json.endObject()
        return try JSON.parse(json.bytes)
    }

    /// Writes a record that says `text`, by the CID of that `number`; gives what is written that it says.
    private func written(
        _ text: String, _ number: Int = 0, by author: String = RecordTextsTests.alice, in space: SpaceURI? = nil
    ) throws -> String? {
        let record = CBOR.map(["text": .text(text)])
        return try object(record.encoded(), number, by: author, in: space ?? forum)["value"]?["text"]?.string
    }

    @Test func aRecordIsRemembered() throws {
        #expect(try written("first") == "first")
        #expect(try written("second") == "first")
        #expect(try object(nil, 0, by: Self.alice, in: forum) == ["last": true], "what was not asked for is not told")
    }

    @Test func eachSpaceAuthorAndCIDIsApart() throws {
        #expect(try written("first") == "first")
        #expect(try written("elsewhere", in: elsewhere) == "elsewhere")
        #expect(try written("bob's", by: Self.bob) == "bob's")
        #expect(try written("another", 1) == "another")
        // Each goes on as it was.
        #expect(try written("second") == "first")
        #expect(try written("second", in: elsewhere) == "elsewhere")
        #expect(try written("second", by: Self.bob) == "bob's")
        #expect(try written("second", 1) == "another")
    }

    @Test func soManyAreRememberedAndNoMore() throws {
        for number in 0..<512 { _ = try written("first", number) }
        #expect(try written("second", 0) == "first")
        #expect(try written("second", 511) == "first")
        for number in 512...1024 { _ = try written("first", number) }
        #expect(try written("second", 0) == "second")
        #expect(try written("second", 1024) == "first")
    }

    @Test func whatIsLongIsNotRemembered() throws {
        let longest = String(repeating: "x", count: RecordTexts.maximumLength - #"{"text":""}"#.utf8.count)
        #expect(try written(longest, 0) == longest)
        #expect(try written("second", 0) == longest)
        #expect(try written(longest + "x", 1) == longest + "x")
        #expect(try written("second", 1) == "second")
        // By what is written, not by what is stored: an escape takes twice the place.
        let escaped = String(repeating: "\"", count: longest.utf8.count / 2 + 1)
        #expect(try written(escaped, 2) == escaped)
        #expect(try written("second", 2) == "second")
    }
}
