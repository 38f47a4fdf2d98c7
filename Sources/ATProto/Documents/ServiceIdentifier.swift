/// Names a service of a DID's document: a DID, or a DID with a fragment (section 2).
public struct ServiceIdentifier: Hashable, Sendable, CustomStringConvertible {
    /// Longest fragment that is taken, in bytes.
    public static let maximumFragmentLength = 256

    // Both are proved ASCII at construction, so `==` and hashing of the Strings are those of their bytes.
    public let did: String
    /// With its `#`; nil for a bare DID, which means the account's host.
    public let fragment: String?

    /// Throws `InvalidRequest`.
    public init(_ text: String) throws(ATProtoError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "#"), maxSplits: 1, omittingEmptySubsequences: false)
        did = String(parts.first.map(Substring.init) ?? "")
        fragment = parts.count == 2 ? "#" + String(Substring(parts[1])) : nil
        guard ATProtoDID.isValid(did), fragment.map({ ServiceIdentifier.isFragment($0) }) ?? true else {
            throw .invalidRequest("\(ASCIIText.quoted(text)) names no service")
        }
    }

    public var text: String { did + (fragment ?? "") }
    public var description: String { text }

    /// Tests a fragment with its `#`: letters, digits and `._~:-`.
    static func isFragment(_ text: String) -> Bool {
        let bytes = text.utf8
        return bytes.first == UInt8(ascii: "#") && (2...(maximumFragmentLength + 1)).contains(bytes.count)
            && bytes.dropFirst().allSatisfy { ASCIIText.isAlphanumeric($0) || "._~:-".utf8.contains($0) }
    }
}
