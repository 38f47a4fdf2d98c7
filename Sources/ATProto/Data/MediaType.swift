/// Checks media types: `type/subtype` of tokens, perhaps with parameters (RFC 9110 8.3.1).
public enum MediaType {
    public static let maximumLength = 128
    /// What is said of bytes of which nothing is known.
    public static let bytes = "application/octet-stream"

    public static func isValid(_ text: String) -> Bool {
        var rest = Array(text.utf8.prefix(maximumLength + 1))[...]
        guard rest.count <= maximumLength, token(&rest), take(&rest, "/"), token(&rest) else { return false }
        // A range of types, as `Accept` has them, is none.
        guard !text.utf8.prefix(while: { $0 != UInt8(ascii: ";") }).contains(UInt8(ascii: "*")) else { return false }
        while true {
            blanks(&rest)
            guard take(&rest, ";") else { return rest.isEmpty }
            blanks(&rest)
            guard token(&rest) else { continue }
            guard take(&rest, "="), quoted(&rest) || token(&rest) else { return false }
        }
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, _ wanted: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: wanted) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func blanks(_ rest: inout ArraySlice<UInt8>) { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }

    private static func token(_ rest: inout ArraySlice<UInt8>) -> Bool {
        let token = rest.prefix { ASCIIText.isAlphanumeric($0) || "!#$%&'*+-.^_`|~".utf8.contains($0) }
        rest = rest[token.endIndex...]
        return !token.isEmpty
    }

    /// A text in double quotes, of visible characters, blanks and what a backslash stands before.
    private static func quoted(_ rest: inout ArraySlice<UInt8>) -> Bool {
        guard rest.first == UInt8(ascii: "\"") else { return false }
        var isEscaped = false
        for index in rest.indices.dropFirst() {
            guard (0x20..<0x7F).contains(rest[index]) else { return false }
            if !isEscaped, rest[index] == UInt8(ascii: "\"") {
                rest = rest[(index + 1)...]
                return true
            }
            isEscaped = !isEscaped && rest[index] == UInt8(ascii: "\\")
        }
        return false
    }
}
