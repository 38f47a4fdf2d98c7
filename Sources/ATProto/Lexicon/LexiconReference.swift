import Multiformats

/// Names one definition of one document: `nsid#name`, with `main` for the definition that the document is about.
public struct LexiconReference: Hashable, Sendable, CustomStringConvertible {
    public let document: String
    public let name: String

    public init(document: String, name: String = "main") {
        self.document = document
        self.name = name
    }

    /// Reads `nsid`, `nsid#name` or, within `document`, `#name`; nil when a part is empty or not plain ASCII.
    init?(_ text: String, in document: String?) {
        guard text.utf8.count <= Self.maxByteCount else { return nil }
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let base = parts[0].isEmpty ? document : String(parts[0])
        let name = parts.count == 2 ? String(parts[1]) : "main"
        guard let base, !name.isEmpty, !(parts[0].isEmpty && parts.count == 1) else { return nil }
        guard base.utf8.allSatisfy(Self.isPlain), name.utf8.allSatisfy(Self.isPlain) else { return nil }
        self.init(document: base, name: name)
    }

    /// The form in a `$type`: a reference to `main` has no fragment.
    public var description: String { UTF8Bytes.equal(name, "main") ? document : "\(document)#\(name)" }

    private static let maxByteCount = 512

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
