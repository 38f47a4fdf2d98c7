/// Holds the URI of public data: `at://{did or handle}[/{collection}[/{rkey}]]`, without query or fragment.
///
/// URIs of spaces never have this form, since `space` is no NSID; they are `SpaceURI` and `RecordURI`.
public struct ATURI: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 8192

    // All are proved ASCII at construction, so `==` and hashing of the Strings are those of their bytes.
    public let authority: String
    public let collection: String?
    public let rkey: String?

    /// Throws `InvalidRequest`.
    public init(_ text: String) throws(ATProtoError) {
        guard let (authority, collection, rkey) = ATURI.read(text) else {
            throw .invalidRequest("\(ASCIIText.quoted(text)) is no URI of a public record")
        }
        self.authority = authority
        self.collection = collection
        self.rkey = rkey
    }

    public static func isValid(_ text: String) -> Bool { read(text) != nil }

    private static func read(_ text: String) -> (String, String?, String?)? {
        let bytes = Array(text.utf8.prefix(maximumLength + 1))
        guard bytes.count <= maximumLength, bytes.starts(with: "at://".utf8) else { return nil }
        let parts = bytes.dropFirst(5).split(
            separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count <= 3, ATProtoDID.isWellFormed(parts[0]) || Handle.isValid(parts[0]),
            parts.count < 2 || NSID.isValid(parts[1]), parts.count < 3 || RecordKey.isValid(parts[2])
        else { return nil }
        let texts = parts.map { String(decoding: $0, as: UTF8.self) }
        return (texts[0], texts.count > 1 ? texts[1] : nil, texts.count > 2 ? texts[2] : nil)
    }

    public var text: String { "at://" + [authority, collection, rkey].compactMap { $0 }.joined(separator: "/") }
    public var description: String { text }
}
