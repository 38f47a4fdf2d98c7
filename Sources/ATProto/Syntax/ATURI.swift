/// Checks public AT URIs: `at://{DID or handle}[/{collection}[/{rkey}]]`, without query and fragment.
///
/// URIs of spaces are none of these: their second segment is no NSID (atproto-spaces.md 1).
public enum ATURI {
    public static let maximumLength = 8192

    public static func isValid(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { isValid($0) }
    }

    static func isValid(_ bytes: some RandomAccessCollection<UInt8>) -> Bool {
        guard bytes.count <= maximumLength, bytes.starts(with: "at://".utf8) else { return false }
        let segments = bytes.dropFirst(5).split(
            separator: UInt8(ascii: "/"), maxSplits: 3, omittingEmptySubsequences: false)
        guard let authority = segments.first, segments.count <= 3 else { return false }
        guard ATProtoDID.isValid(authority) || Handle.isValid(authority) else { return false }
        guard segments.count < 2 || NSID.isValid(segments[1]) else { return false }
        return segments.count < 3 || RecordKey.isValid(segments[2])
    }
}
