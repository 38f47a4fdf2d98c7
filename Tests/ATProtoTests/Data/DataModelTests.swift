import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct DataModelTests {
    @Test func everyInteropFixtureHasItsBytesAndCIDAndComesBack() throws {
        let fixtures = try #require(
            try Fixture.json("vectors/atproto/interop/data-model/data-model-fixtures.json").array)
        #expect(fixtures.count == 3)
        for fixture in fixtures {
            let json = try #require(fixture["json"])
            let bytes = try fixture.vectorBase64("cbor_base64")
            let value = try RecordData.decode(json)
            #expect(value.encoded() == bytes)
            #expect(CID.ofDagCBOR(bytes).text == fixture["cid"]?.string)
            try RecordData.check(value)
            #expect(RecordData.json(try CBOR.decode(bytes)) == json)
            var writer = JSONWriter()
            RecordData.write(value, into: &writer)
            #expect(try JSON.parse(writer.bytes) == json)
        }
    }

    @Test(arguments: [
        #"{"a": 1.5}"#, #"{"a": 1e-3}"#, #"{"a": 9223372036854775808}"#,
        #"{"a": {"$link": "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a", "b": 1}}"#,
        #"{"a": {"$link": "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5bel"}}"#,
        #"{"a": {"$link": 1}}"#, #"{"a": {"$link": "."}}"#,
        #"{"a": {"$link": "zdpuAsxdGkMbdq1ozVKi8WMSohWeoUMpMWSWsC5EvaeNnZ5Wx"}}"#,
        #"{"a": {"$bytes": "nFERjvLLiw9qm45JrqH9QTzyC2Lu1Xb4ne6+sBrCzI0", "b": 1}}"#,
        #"{"a": {"$bytes": 1}}"#, #"{"a": {"$bytes": "AB"}}"#, #"{"a": {"$bytes": "_-8"}}"#,
        #"{"a": {"$bytes": "AA="}}"#,
        #"{"$type": null}"#, #"{"$type": 1}"#, #"{"$type": ""}"#,
        #"{"a": {"$type": "blob", "mimeType": "image/jpeg", "size": 10000}}"#,
        #"""
        {"a": {"$type": "blob", "mimeType": "image/jpeg", "size": "10000",
         "ref": {"$link": "bafkreiccldh766hwcnuxnf2wh6jgzepf2nlu2lvcllt63eww5p6chi4ity"}}}
        """#,
        #"""
        {"a": {"$type": "blob", "mimeType": "image/jpeg", "size": 1,
         "ref": {"$link": "bafyreidfayvfuwqa7qlnopdjiqrxzs6blmoeu4rujcjtnci5beludirz2a"}}}
        """#,
    ])
    func whatHasNoPlaceInTheDataModelIsRefused(_ text: String) throws {
        let json = try JSON.parse(Array(text.utf8))
        #expect(throws: ATProtoError.self) { try RecordData.decode(json) }
    }

    @Test(arguments: [
        (#"{"a": 123.0}"#, #"{"a":123}"#), (#"{"a": -9223372036854775808}"#, #"{"a":-9223372036854775808}"#),
        (#"{"a": [], "b": {}}"#, #"{"a":[],"b":{}}"#), (#"{"a": [null, [true]]}"#, #"{"a":[null,[true]]}"#),
        (#"{"a": {"$bytes": "AA=="}}"#, #"{"a":{"$bytes":"AA"}}"#), (#"{"bb": 1, "a": 2}"#, #"{"a":2,"bb":1}"#),
    ])
    func whatTheDataModelHoldsComesBackInOneSpelling(_ text: String, _ canonical: String) throws {
        let value = try RecordData.decode(JSON.parse(Array(text.utf8)))
        #expect(
            String(decoding: RecordData.json(try CBOR.decode(value.encoded())).serialized(), as: UTF8.self) == canonical
        )
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> JSON { depth == 0 ? .null : .array([nested(depth - 1)]) }
        _ = try RecordData.decode(nested(RecordData.maxDepth))
        #expect(throws: ATProtoError.self) { try RecordData.decode(nested(RecordData.maxDepth + 1)) }
        #expect(throws: ATProtoError.self) { try RecordData.decode(nested(20_000)) }
    }

    @Test func cborThatJSONCannotSpellIsRefused() throws {
        let cidV0: CBOR = .link([0x12, 0x20] + [UInt8](repeating: 1, count: 32))
        let values: [CBOR] = [
            .map(["$link": .text("x")]), .map(["a": .map(["$bytes": .text("x")])]), .double(1), .unsigned(1 << 63),
            .negative(1 << 63), cidV0, .map(["$type": .null]),
        ]
        for value in values { #expect(throws: ATProtoError.self) { try RecordData.check(value) } }
    }

    @Test func blobsAreFoundOnceEachAtAnyDepth() throws {
        let first = BlobRef(cid: CID.ofBlob([1]), mimeType: "image/png", size: 1)
        let second = BlobRef(cid: CID.ofBlob([2]), mimeType: "text/plain", size: 1)
        let value: CBOR = .map([
            "a": .array([first.cbor, .map(["b": second.cbor])]), "c": first.cbor, "d": .link(CID.ofBlob([3])),
        ])
        #expect(Set(RecordData.blobs(in: value)) == [first, second])
        #expect(RecordData.blobs(in: value).count == 2)
    }

    @Test func aRecordGetsItsTypeAndKeepsItsSizeBound() throws {
        let filled = try PreparedRecord(json: ["text": "hello"], collection: "com.example.a")
        #expect(filled.value["$type"] == .text("com.example.a"))
        let given = try PreparedRecord(json: ["text": "hello", "$type": "com.example.a"], collection: "com.example.a")
        #expect(given == filled)
        #expect(try PreparedRecord(bytes: filled.bytes, collection: "com.example.a") == filled)
        #expect(throws: ATProtoError.self) { try PreparedRecord(bytes: filled.bytes, collection: "com.example.b") }
        #expect(throws: ATProtoError.self) {
            try PreparedRecord(bytes: filled.bytes + [0], collection: "com.example.a")
        }
        #expect(throws: ATProtoError.self) { try PreparedRecord(json: ["$type": "b"], collection: "com.example.a") }
        #expect(throws: ATProtoError.self) { try PreparedRecord(json: [], collection: "com.example.a") }
        // `{"$link": …}` at the top is a link, not a record.
        #expect(throws: ATProtoError.self) {
            try PreparedRecord(json: ["$link": .string(filled.cid.text)], collection: "com.example.a")
        }
        func sized(_ count: Int) -> JSON {
            ["$type": "com.example.a", "t": .string(String(repeating: "x", count: count))]
        }
        let overhead = try PreparedRecord(json: sized(100_000), collection: "com.example.a").bytes.count - 100_000
        let most = PreparedRecord.maxBytes - overhead
        #expect(try PreparedRecord(json: sized(most), collection: "com.example.a").bytes.count == 1_000_000)
        #expect { try PreparedRecord(json: sized(most + 1), collection: "com.example.a") } throws: {
            ($0 as? ATProtoError)?.name == "PayloadTooLarge"
        }
    }

    @Test func knownRecordsHaveTheirCIDs() throws {
        #expect(
            CID.ofDagCBOR(try RecordData.decode(["text": "hello"]).encoded()).text
                == "bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx244")
        #expect(
            CID.ofDagCBOR(try RecordData.decode(["text": "world"]).encoded()).text
                == "bafyreidpw4cbv6gr4ukh33z23pvvrpr3wi4gnpmi4doamlsl3sa4rgri2a")
    }

    @Test func propertyRandomRecordsComeBackByteForByte() throws {
        try Property.hold("records round trip", cases: 200) { generator in
            var generator = generator
            let value = Self.randomMap(&generator, depth: 0)
            try RecordData.check(value)
            let json = RecordData.json(value)
            guard try RecordData.decode(JSON.parse(json.serialized())).encoded() == value.encoded() else {
                return "JSON changes \(value)"
            }
            var writer = JSONWriter()
            RecordData.write(value, into: &writer)
            return writer.bytes == json.serialized() ? nil : "the writer and the value differ for \(value)"
        }
    }

    private static func randomMap(_ generator: inout SeededGenerator, depth: Int) -> CBOR {
        var map = CBORMap()
        for _ in 0..<generator.int(in: 0...4) {
            map["k\(generator.int(in: 0...30))"] = random(&generator, depth: depth + 1)
        }
        return .map(map)
    }

    private static func random(_ generator: inout SeededGenerator, depth: Int) -> CBOR {
        switch generator.int(in: 0...(depth > 4 ? 7 : 9)) {
        case 0: .null
        case 1: .bool(generator.next() % 2 == 0)
        case 2: .int(Int64(truncatingIfNeeded: generator.next()))
        case 3: .int(Int64(generator.int(in: -300...300)))
        case 4: .text(["", "\u{0}", "é", "e\u{301}", "\u{1F600}", "a\"b\\"][generator.int(in: 0...5)])
        case 5: .bytes(generator.bytes(count: generator.int(in: 0...40)))
        case 6: .link(CID.ofBlob(generator.bytes(count: 3)))
        case 7: .link(CID.ofDagCBOR(generator.bytes(count: 3)))
        case 8: .array((0..<generator.int(in: 0...3)).map { _ in random(&generator, depth: depth + 1) })
        default: randomMap(&generator, depth: depth)
        }
    }
}
