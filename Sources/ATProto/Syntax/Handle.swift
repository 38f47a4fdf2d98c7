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
