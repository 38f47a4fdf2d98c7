import ATSyntax
public import UCAN

/// Holds what an ability applies to, parsed once into components (spec tinycloud.md 1.1, 1.3; ucan.md B.3;
/// atproto-spaces.md 1).
public enum Resource: Hashable, Sendable, CustomStringConvertible {
    /// A place in a space. `path` nil and empty differ; `suffix` is `?query` and `#fragment` as written, or empty.
    case tinycloud(space: Space, service: String, path: String?, suffix: String)
    /// `urn:tinycloud:encryption:<owner>:<name>`; its root authority is the owner.
    case encryptionNetwork(owner: DID, name: String)
    /// A place in a permissioned space: nil is the whole of it, else `<author>[/<collection>[/<rkey>]]`.
    case atproto(space: Space, path: String?)
    /// `at://<did>`: the account itself, controlled by that DID.
    case account(DID)
    /// Any other URI: contains itself and nothing else.
    case opaque(String)

    private static let scheme = Array("tinycloud:".utf8)
    private static let network = "urn:tinycloud:encryption:"

    /// Parses a URI; a `tinycloud:` URI that is not well formed or not normalised is refused, never opaque.
    public init(_ text: String) throws(GraphError) {
        let bytes = Array(text.utf8)
        guard bytes.count <= 8192, bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), bytes.contains(0x3A) else {
            throw GraphError(.malformedResource, "`\(text.prefix(200))` is not a URI")
        }
        if bytes.starts(with: Self.scheme), !bytes.starts(with: "tinycloud://".utf8) {
            self = try Self.tinycloud(bytes, text)
        } else if bytes.starts(with: "at://".utf8) {
            self = try Self.atproto(text)
        } else if text.hasPrefix(Self.network) {
            self = try Self.encryptionNetwork(text)
        } else {
            // A scheme that differs from ours only in case is the same URI in RFC 3986: refuse it as not normalised.
            let head = bytes.prefix(10).map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }
            guard !head.elementsEqual(Self.scheme) || bytes.starts(with: Self.scheme), !head.starts(with: "at:".utf8)
            else {
                throw GraphError(.malformedResource, "`\(text)` is not normalised: the scheme is not lower case")
            }
            self = .opaque(text)
        }
    }

    private static func tinycloud(_ bytes: [UInt8], _ text: String) throws(GraphError) -> Resource {
        guard NormalURI.isNormalised(bytes) else {
            throw GraphError(.malformedResource, "`\(text)` is not a normalised URI")
        }
        let pathEnd = bytes.firstIndex { $0 == 0x3F || $0 == 0x23 } ?? bytes.endIndex
        guard let slash = bytes[..<pathEnd].firstIndex(of: 0x2F) else {
            throw GraphError(.malformedResource, "`\(text)` names no service")
        }
        let space = try Space(schemeAndPath: bytes[..<slash], of: text)
        let rest = bytes[(slash + 1)..<pathEnd]
        let suffix = String(decoding: bytes[pathEnd...], as: UTF8.self)
        guard let second = rest.firstIndex(of: 0x2F) else {
            return .tinycloud(
                space: space, service: String(decoding: rest, as: UTF8.self), path: nil, suffix: suffix)
        }
        return .tinycloud(
            space: space, service: String(decoding: rest[..<second], as: UTF8.self),
            path: String(decoding: rest[(second + 1)...], as: UTF8.self), suffix: suffix)
    }

    private static func encryptionNetwork(_ text: String) throws(GraphError) -> Resource {
        let rest = text.dropFirst(network.count)
        guard let split = rest.lastIndex(of: ":"), split != rest.startIndex else {
            throw GraphError(.malformedResource, "`\(text)` lacks an owner or a name")
        }
        let name = rest[rest.index(after: split)...]
        guard !name.isEmpty, !name.contains("/"), let owner = try? DID(String(rest[..<split])) else {
            throw GraphError(.malformedResource, "`\(text)` lacks an owner or a name")
        }
        return .encryptionNetwork(owner: owner, name: String(name))
    }

    /// A known scheme is never opaque: what is neither an account, nor a space, nor a place in one is refused.
    private static func atproto(_ text: String) throws(GraphError) -> Resource {
        let malformed = GraphError(.malformedResource, "`\(text.prefix(200))` names no space, place in one or account")
        let parts = text.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false)
        switch parts.count {
        case 1:
            guard let did = try? DID(String(parts[0])) else { throw malformed }
            return .account(did)
        case 4: return .atproto(space: try Space(text), path: nil)
        case 5, 6:
            let space = try Space("at://" + parts[..<4].joined(separator: "/"))
            guard (try? DID(String(parts[4]))) != nil, parts.count == 5 || NSID.isValid(String(parts[5])) else {
                throw malformed
            }
            return .atproto(space: space, path: parts[4...].joined(separator: "/"))
        case 7:
            guard let uri = try? RecordURI(text) else { throw malformed }
            return .atproto(space: try Space(uri.space), path: "\(uri.author)/\(uri.collection)/\(uri.rkey)")
        default: throw malformed
        }
    }

    /// The space this resource lies in, if any.
    public var space: Space? {
        switch self {
        case .tinycloud(let space, _, _, _), .atproto(let space, _): space
        case .encryptionNetwork, .account, .opaque: nil
        }
    }

    /// True for a permissioned space of the AT Protocol and every place in it.
    public var isPermissioned: Bool {
        if case .atproto = self { true } else { false }
    }

    /// The collection of a permissioned space that a place lies in; nil for what is wider.
    var collection: String? {
        guard case .atproto(_, let path?) = self else { return nil }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count > 1 ? String(parts[1]) : nil
    }

    /// The DID that controls the resource without any proof, if any.
    public var rootAuthority: DID? {
        switch self {
        case .tinycloud(let space, _, _, _), .atproto(let space, _): space.owner
        case .encryptionNetwork(let owner, _), .account(let owner): owner
        case .opaque: nil
        }
    }

    public var description: String {
        switch self {
        case .tinycloud(let space, let service, let path, let suffix):
            "\(space)/\(service)\(path.map { "/" + $0 } ?? "")\(suffix)"
        case .encryptionNetwork(let owner, let name): Self.network + owner.text + ":" + name
        case .atproto(let space, let path): path.map { "\(space)/\($0)" } ?? space.text
        case .account(let did): "at://" + did.text
        case .opaque(let text): text
        }
    }

    /// The canonical text of the resource.
    public var text: String { description }

    /// True when a capability on this resource covers `child` (spec tinycloud.md 7.4, ucan.md B.4).
    public func contains(_ child: Resource) -> Bool {
        switch (self, child) {
        case (
            .tinycloud(let space, let service, let path, let suffix),
            .tinycloud(let childSpace, let childService, let childPath, let childSuffix)
        ):
            space == childSpace && service == childService && suffix == childSuffix
                && Self.pathContains(path, childPath)
        case (.atproto(let space, let path), .atproto(let childSpace, let childPath)):
            space == childSpace && Self.pathContains(path, childPath)
        case (.encryptionNetwork, .encryptionNetwork), (.account, .account), (.opaque, .opaque): self == child
        case (.tinycloud, _), (.encryptionNetwork, _), (.atproto, _), (.account, _), (.opaque, _): false
        }
    }

    /// The containment table of tinycloud.md 7.4: segment-aware, and absent differs from empty.
    public static func pathContains(_ parent: String?, _ child: String?) -> Bool {
        guard let parent else { return true }
        guard let child else { return false }
        let outer = parent.utf8
        let inner = child.utf8
        guard inner.starts(with: outer) else { return false }
        return inner.count == outer.count || outer.last == 0x2F || inner.dropFirst(outer.count).first == 0x2F
    }
}
