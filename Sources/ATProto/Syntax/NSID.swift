/// Holds a namespaced identifier, such as `com.example.fooBar`; compared byte for byte, without case folding.
public struct NSID: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 317

    // Proved ASCII at construction, so `==` and hashing of the String are those of its bytes.
    public let text: String

    /// Throws `InvalidRequest`.
    public init(_ text: String) throws(ATProtoError) {
        guard NSID.isValid(text) else { throw .invalidRequest("\(ASCIIText.quoted(text)) is no NSID") }
        self.text = text
    }

    public var description: String { text }

    public static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid($0) }
    }

    /// At least three segments: a reversed domain, then a name of letters and digits.
    static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard bytes.count <= maximumLength, let first = bytes.first, ASCIIText.isLetter(first) else { return false }
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard segments.count >= 3, let name = segments.last, let head = name.first else { return false }
        return segments.dropLast().allSatisfy { ASCIIText.isLabel($0) }
            && name.count <= 63 && ASCIIText.isLetter(head) && name.allSatisfy(ASCIIText.isAlphanumeric)
    }
}
