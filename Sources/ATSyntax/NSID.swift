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
    package static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard bytes.count <= maximumLength, let first = bytes.first, ASCIIText.isLetter(first) else { return false }
        let segments = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard segments.count >= 3, let name = segments.last, let head = name.first else { return false }
        return segments.dropLast().allSatisfy { ASCIIText.isLabel($0) }
            && name.count <= 63 && ASCIIText.isLetter(head) && name.allSatisfy(ASCIIText.isAlphanumeric)
    }
}

/// Holds the key of a record in its collection, or of a space under its type (`skey`): 1 to 512 bytes.
public struct RecordKey: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 512

    // Proved ASCII at construction, so `==` and hashing of the String are those of its bytes.
    public let text: String

    /// Throws `InvalidRequest`.
    public init(_ text: String) throws(ATProtoError) {
        guard RecordKey.isValid(text) else { throw .invalidRequest("\(ASCIIText.quoted(text)) is no record key") }
        self.text = text
    }

    public var description: String { text }

    public static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid($0) }
    }

    package static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard (1...maximumLength).contains(bytes.count), !bytes.elementsEqual(".".utf8),
            !bytes.elementsEqual("..".utf8)
        else { return false }
        return bytes.allSatisfy { ASCIIText.isAlphanumeric($0) || "._:~-".utf8.contains($0) }
    }
}
