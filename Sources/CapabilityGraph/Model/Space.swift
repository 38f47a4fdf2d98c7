public import UCAN

/// Names an access boundary: a TinyCloud space, controlled by one DID (spec tinycloud.md 1.1).
public struct Space: Hashable, Sendable, CustomStringConvertible {
    public let owner: DID
    public let name: String

    public init(owner: DID, name: String) {
        self.owner = owner
        self.name = name
    }

    /// Parses `tinycloud:<did-suffix>:<name>`; throws `malformedResource`.
    public init(_ text: String) throws(GraphError) {
        let bytes = Array(text.utf8)
        guard URISyntax.isNormalised(bytes), !bytes.contains(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) else {
            throw GraphError(.malformedResource, "`\(text)` is not a space id")
        }
        try self.init(schemeAndPath: bytes[...], of: text)
    }

    /// Parses the part of a resource before its first slash.
    init(schemeAndPath bytes: ArraySlice<UInt8>, of text: String) throws(GraphError) {
        let scheme = Self.scheme.utf8
        guard bytes.starts(with: scheme), let split = bytes.lastIndex(of: 0x3A) else {
            throw GraphError(.malformedResource, "`\(text)` is not a space id")
        }
        let suffixStart = bytes.startIndex + scheme.count
        guard split >= suffixStart, split > suffixStart, split + 1 < bytes.endIndex else {
            throw GraphError(.malformedResource, "`\(text)` lacks an owner or a name")
        }
        do {
            owner = try DID("did:" + String(decoding: bytes[suffixStart..<split], as: UTF8.self))
        } catch {
            throw GraphError(.malformedResource, "the owner of `\(text)` is not a DID")
        }
        name = String(decoding: bytes[(split + 1)...], as: UTF8.self)
    }

    /// The canonical text, `tinycloud:<did-suffix>:<name>`.
    public var description: String {
        let owner = self.owner.text
        var text = Self.scheme
        text.reserveCapacity(text.utf8.count + owner.utf8.count + 1 + name.utf8.count)
        text += owner[owner.utf8.index(owner.startIndex, offsetBy: 4)...]
        text += ":"
        text += name
        return text
    }

    private static let scheme = "tinycloud:"

    public var text: String { description }
}
