public import UCAN

/// Checks and reads the `datetime` format of lexicons: both ISO 8601 and RFC 3339, with a time zone.
public enum Datetime {
    public static let maximumLength = 64

    /// Tests the syntax only, which leaves out the first ten years: `1985-04-99T25:00:00Z` has it, and names no instant.
    public static func isWellFormed(_ text: String) -> Bool {
        let bytes = Array(text.utf8.prefix(maximumLength + 1))
        // 0123-56-89T12:45:78
        guard bytes.count <= maximumLength, bytes.count >= 20, matches(bytes[..<19], "0000-00-00T00:00:00"),
            !bytes.starts(with: "000".utf8)
        else { return false }
        var rest = bytes[19...]
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix(while: ASCIIText.isDigit)
            guard (1...20).contains(digits.count) else { return false }
            rest = rest[digits.endIndex...]
        }
        if rest.elementsEqual("Z".utf8) { return true }
        // An unknown offset is RFC 3339, but not ISO 8601.
        return (matches(rest, "+00:00") || matches(rest, "-00:00")) && !rest.elementsEqual("-00:00".utf8)
    }

    /// Reads an instant; throws `InvalidRequest` for text that breaks the syntax or names none.
    public static func parse(_ text: String) throws(ATProtoError) -> Timestamp {
        guard isWellFormed(text), let instant = try? Timestamp.parse(text) else {
            throw .invalidRequest("\(ASCIIText.quoted(text)) is no date and time")
        }
        return instant
    }

    public static func isValid(_ text: String) -> Bool { (try? parse(text)) != nil }

    /// Tests text against a pattern in which `0` stands for any digit.
    private static func matches(_ text: ArraySlice<UInt8>, _ pattern: String) -> Bool {
        text.count == pattern.utf8.count
            && zip(text, pattern.utf8).allSatisfy { byte, wanted in
                wanted == UInt8(ascii: "0") ? ASCIIText.isDigit(byte) : byte == wanted
            }
    }
}
