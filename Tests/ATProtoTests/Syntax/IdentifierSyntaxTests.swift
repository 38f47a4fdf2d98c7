import ATProto
import CapTesting
import Testing

/// Reads the lines of an interop file: no comments, no empty lines, blanks significant.
func syntaxLines(_ name: String) -> [String] {
    let text = Fixture.text("vectors/atproto/interop/syntax/\(name).txt")
    let lines = text.utf8.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    return lines.filter { !$0.utf8.starts(with: "#".utf8) && !$0.isEmpty }
}

@Suite struct IdentifierSyntaxTests {
    static let kinds: [(name: String, isValid: @Sendable (String) -> Bool)] = [
        ("did", { ATProtoDID.isWellFormed($0) }), ("nsid", { NSID.isValid($0) }), ("tid", { TID.isValid($0) }),
        ("recordkey", { RecordKey.isValid($0) }), ("handle", { Handle.isValid($0) }),
        ("aturi", { ATURI.isValid($0) }), ("atidentifier", { ATIdentifier.isWellFormed($0) }),
        ("datetime", { Datetime.isWellFormed($0) }), ("language", { Language.isWellFormed($0) }),
    ]

    @Test(arguments: IdentifierSyntaxTests.kinds.indices) func interopFilesAreTakenAndRefused(_ index: Int) {
        let (name, isValid) = Self.kinds[index]
        let (valid, invalid) = (syntaxLines("\(name)_syntax_valid"), syntaxLines("\(name)_syntax_invalid"))
        #expect(valid.count >= 5 && invalid.count >= 5)
        for line in valid { #expect(isValid(line), "\(name) \(line)") }
        for line in invalid { #expect(!isValid(line), "\(name) \(line)") }
    }

    @Test func wellFormedTextsMayMeanNothing() {
        for line in syntaxLines("datetime_parse_invalid") {
            #expect(Datetime.isWellFormed(line) && !Datetime.isValid(line), "\(line)")
        }
        for line in syntaxLines("datetime_syntax_valid") { #expect(Datetime.isValid(line), "\(line)") }
        for line in syntaxLines("language_parse_invalid") {
            #expect(Language.isWellFormed(line) && !Language.isValid(line), "\(line)")
        }
        for line in syntaxLines("language_syntax_valid") { #expect(Language.isValid(line), "\(line)") }
    }

    @Test func publicURIsPrintBack() throws {
        for line in syntaxLines("aturi_syntax_valid") { #expect(try ATURI(line).text == line) }
        #expect(!ATURI.isValid("at://did:plc:abc/space/com.example.forum/self"))
    }

    @Test func languageTagsEndWhereTheirGrammarDoes() {
        for tag in ["", "-", "en-", "en--GB", "x", "en-x", "en-a", "en-a-", "en-a-b", "en-GB-GB", "en-Latn-Latn"] {
            #expect(!Language.isWellFormed(tag), "\(tag)")
        }
        #expect(!Language.isWellFormed(String(repeating: "en-variant1", count: 40)))
        #expect(!Language.isWellFormed("\u{212A}o"))
    }

    @Test func handlesAreComparedWithoutCase() throws {
        #expect(try Handle("A.ISI.EDU") == Handle("a.isi.edu"))
        // The Kelvin sign folds to k only for those who fold Unicode.
        #expect(throws: ATProtoError.self) { try Handle("\u{212A}.test") }
    }

    @Test func identifiersAreComparedByBytes() throws {
        #expect(try NSID("com.example.fooBar") != NSID("com.example.foobar"))
        #expect(try RecordKey("self") != RecordKey("Self"))
    }

    @Test func brokenPercentEscapesAreNoDID() {
        for text in ["did:web:a%3", "did:web:a%zz", "did:web:%", "did:web:a%3Ab%"] {
            #expect(!ATProtoDID.isValid(text), "\(text)")
        }
        #expect(ATProtoDID.isValid("did:web:alice.localhost%3A8080"))
        #expect(ATProtoDID.isValid("did:a:" + String(repeating: "b", count: 2042)))
        #expect(!ATProtoDID.isValid("did:a:" + String(repeating: "b", count: 2043)))
    }
}
