public import ATSyntax
public import UCAN

/// Names an access boundary controlled by one DID: a TinyCloud space (spec tinycloud.md 1.1) or a permissioned space of
/// the AT Protocol (spec atproto-spaces.md 1).
public struct Space: Hashable, Sendable, CustomStringConvertible {
    /// Says which protocol names the space, and so how its text is written.
    public enum Family: Sendable {
        case tinycloud, atproto
    }

    public let family: Family
    /// The DID that controls the space without any proof: the owner, or the authority.
    public let owner: DID
    /// The TinyCloud name, or `<type>/<skey>`.
    public let name: String

    public init(owner: DID, name: String) {
        family = .tinycloud
        self.owner = owner
        self.name = name
    }

    /// Names a permissioned space; throws `malformedResource` when its authority is no DID that can be a principal.
    public init(_ uri: SpaceURI) throws(GraphError) {
        family = .atproto
        do throws(UCANError) {
            owner = try DID(uri.authority)
        } catch {
            throw GraphError(.malformedResource, "the authority of `\(uri.text)` is not a DID")
        }
        name = uri.type + "/" + uri.skey
    }

    /// Parses `tinycloud:<did-suffix>:<name>` or `at://<did>/space/<type>/<skey>`; throws `malformedResource`.
    public init(_ text: String) throws(GraphError) {
        let bytes = Array(text.utf8)
        if bytes.starts(with: "at://".utf8) {
            guard let uri = try? SpaceURI(text) else {
                throw GraphError(.malformedResource, "`\(text.prefix(200))` is not a space id")
            }
            try self.init(uri)
            return
        }
        guard NormalURI.isNormalised(bytes), !bytes.contains(where: { $0 == 0x2F || $0 == 0x3F || $0 == 0x23 }) else {
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
        family = .tinycloud
    }

    /// The canonical text, as it is parsed.
    public var description: String {
        let owner = self.owner.text
        if family == .atproto { return "at://" + owner + "/space/" + name }
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
