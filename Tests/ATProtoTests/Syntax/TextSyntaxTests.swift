import ATProto
import Testing

/// Datetimes, languages and public AT URIs against the interop files.
@Suite struct TextSyntaxTests {
    @Test func datetimes() {
        for line in syntaxLines("datetime_syntax_valid") { #expect(Datetime.isValid(line), "\(line)") }
        for line in syntaxLines("datetime_syntax_invalid") + syntaxLines("datetime_parse_invalid") {
            #expect(!Datetime.isValid(line), "\(line)")
        }
    }

    @Test(arguments: [
        ("2024-02-29T00:00:00Z", true), ("2023-02-29T00:00:00Z", false), ("1900-02-29T00:00:00Z", false),
        ("2000-02-29T23:59:59Z", true), ("2024-04-31T00:00:00Z", false), ("2024-01-01T00:00:60Z", false),
        ("0000-01-01T00:00:00Z", false), ("0009-12-31T23:59:59Z", false), ("0010-01-01T00:00:00Z", true),
        ("2024-01-01T00:00:00+24:00", false), ("2024-01-01T00:00:00-00:00", false), ("", false),
    ])
    func datetimesOfNoInstantAreRefused(_ text: String, isValid: Bool) {
        #expect(Datetime.isValid(text) == isValid, "\(text)")
    }

    @Test func languages() {
        // What only a registry can refuse is well-formed.
        for line in syntaxLines("language_syntax_valid") + syntaxLines("language_parse_invalid") {
            #expect(Language.isWellFormed(line), "\(line)")
        }
        for line in syntaxLines("language_syntax_invalid") { #expect(!Language.isWellFormed(line), "\(line)") }
    }

    @Test(arguments: [
        ("x", false), ("x-", false), ("x-a", true), ("en-a", false), ("en-a-b", false), ("en-a-bb-x-y", true),
        ("en-x", false), ("zh-cmn-Hans-CN", true), ("abcd-cmn", false), ("en--us", false), ("\u{e9}n", false),
        ("sl-rozaj-1994", true), ("en-abcdefghi", false),
    ])
    func languagesByTheGrammar(_ text: String, isWellFormed: Bool) {
        #expect(Language.isWellFormed(text) == isWellFormed, "\(text)")
    }

    @Test func publicURIs() {
        for line in syntaxLines("aturi_syntax_valid") { #expect(ATURI.isValid(line), "\(line)") }
        for line in syntaxLines("aturi_syntax_invalid") { #expect(!ATURI.isValid(line), "\(line)") }
        #expect(!ATURI.isValid("at://did:plc:asdf123/space/com.example.forum/self"))
        #expect(!ATURI.isValid("at://did:plc:asdf123/com.atproto.feed.post?x=1"))
    }
}
