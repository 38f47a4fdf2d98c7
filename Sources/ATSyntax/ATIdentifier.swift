internal import UCAN

/// Checks the form of what names an account: a DID or a handle.
public enum ATIdentifier {
    public static func isWellFormed(_ text: String) -> Bool {
        ATProtoDID.isWellFormed(text) || Handle.isValid(text)
    }
}

/// Checks the DID syntax of the AT Protocol: a method of lower-case letters, no fragment, at most 2048 bytes.
///
/// Stricter than the published pattern in one point: a `%` must begin a percent-escape, as DID Core says, so that every
/// accepted text is also a `DID` of the graph.
public enum ATProtoDID {
    public static let maximumLength = 2048

    /// Tests the syntax, as lexicons ask it of what stands in a record.
    public static func isWellFormed(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isWellFormed($0) }
    }

    /// Tests the syntax, and that the text names a principal: of the methods that show a mistyped name, none is.
    public static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid($0) }
    }

    static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard isWellFormed(bytes) else { return false }
        let showsMistakes = bytes.starts(with: "did:key:".utf8) || bytes.starts(with: "did:pkh:".utf8)
        return !showsMistakes || (try? DID(String(decoding: bytes, as: UTF8.self))) != nil
    }

    static func isWellFormed(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard bytes.count <= maximumLength, bytes.starts(with: "did:".utf8) else { return false }
        let rest = bytes.dropFirst(4)
        guard let colon = rest.firstIndex(of: UInt8(ascii: ":")), colon > rest.startIndex,
            rest[..<colon].allSatisfy({ (0x61...0x7A).contains($0) })
        else { return false }
        let identifier = rest[colon...].dropFirst()
        guard let last = identifier.last, last != UInt8(ascii: ":") else { return false }
        var index = identifier.startIndex
        while index < identifier.endIndex {
            guard identifier[index] == UInt8(ascii: "%") else {
                guard isPlain(identifier[index]) else { return false }
                index = identifier.index(after: index)
                continue
            }
            let digits = identifier[identifier.index(after: index)...].prefix(2)
            guard digits.count == 2, digits.allSatisfy(ASCIIText.isHexDigit) else { return false }
            index = digits.endIndex
        }
        return true
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        ASCIIText.isAlphanumeric(byte) || ".-_:".utf8.contains(byte)
    }
}

/// Holds a handle: a domain name of two labels or more, kept in lower case, since handles are compared without case.
public struct Handle: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 253

    // Proved ASCII at construction, so `==` and hashing of the String are those of its bytes.
    public let text: String

    /// Throws `InvalidRequest`.
    public init(_ text: String) throws(ATProtoError) {
        guard Handle.isValid(text) else { throw .invalidRequest("\(ASCIIText.quoted(text)) is no handle") }
        self.text = String(decoding: text.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
    }

    public var description: String { text }

    public static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid($0) }
    }

    /// The last label begins with a letter, which also keeps IP addresses out.
    static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard bytes.count <= maximumLength else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.count >= 2, let head = labels.last?.first, ASCIIText.isLetter(head) else { return false }
        return labels.allSatisfy { ASCIIText.isLabel($0) }
    }
}
