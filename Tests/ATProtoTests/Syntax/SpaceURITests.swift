import ATProto
import CapTesting
import Multiformats
import Testing

@Suite struct SpaceURITests {
    private func vectors(_ name: String) throws -> [JSON] {
        try #require(Fixture.json("vectors/atproto/spaces/uri.json")[name]?.array)
    }

    @Test func validURIsParseAndPrintBack() throws {
        for vector in try vectors("valid") {
            let text = try #require(vector["uri"]?.string)
            if vector["kind"]?.string == "space" {
                #expect(try SpaceURI(text).text == text)
                #expect(throws: ATProtoError.self) { try RecordURI(text) }
            } else {
                let uri = try RecordURI(text)
                #expect(uri.text == text)
                #expect(text.hasPrefix(uri.space.text + "/"))
                #expect(throws: ATProtoError.self) { try SpaceURI(text) }
            }
        }
        let longest = try #require(Fixture.json("vectors/atproto/spaces/uri.json")["maxLenSkeyOk"]?.string)
        #expect(try SpaceURI(longest).skey.utf8.count == 512)
    }

    @Test func invalidURIsAreNeitherSpaceNorRecord() throws {
        let others = try vectors("notSpace").map { try #require($0.string) }
        for text in try vectors("invalid").map({ try #require($0["uri"]?.string) }) + others {
            #expect(throws: ATProtoError.self, "\(text)") { try SpaceURI(text) }
            #expect(throws: ATProtoError.self, "\(text)") { try SpaceURI(accepting: text) }
            #expect(throws: ATProtoError.self, "\(text)") { try RecordURI(text) }
            #expect(throws: ATProtoError.self, "\(text)") { try RecordURI(accepting: text) }
        }
    }

    @Test func legacyFormIsRewrittenWhereItIsAccepted() throws {
        for vector in try vectors("legacyAts") {
            let text = try #require(vector["ats"]?.string)
            #expect(throws: ATProtoError.self) { try SpaceURI(text) }
            #expect(throws: ATProtoError.self) { try RecordURI(text) }
            let space = try? SpaceURI(accepting: text)
            let record = try? RecordURI(accepting: text)
            #expect(space?.text ?? record?.text == vector["at"]?.string, "\(text)")
        }
        // The legacy form has no marker, so a marker is taken for a type, which it is not.
        #expect(throws: ATProtoError.self) { try SpaceURI(accepting: "ats://did:plc:abc/space/com.example.a/b") }
    }

    @Test func fragmentsEscapesAndOverlongTextsAreRefused() {
        let base = "at://did:plc:abc/space/com.example.forum/self"
        #expect(throws: Never.self) { try SpaceURI(base) }
        for text in [base + "#x", base + "%20", base + "\n", " " + base, base + "/", "AT" + base.dropFirst(2)] {
            #expect(throws: ATProtoError.self, "\(text)") { try SpaceURI(text) }
        }
        #expect(throws: ATProtoError.self) { try SpaceURI(base + String(repeating: "/", count: 9000)) }
        #expect(throws: ATProtoError.self) { try SpaceURI(authority: "did:plc:a/b", type: "a.b.c", skey: "x") }
    }
}
