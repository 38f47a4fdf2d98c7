public import UCAN

/// Holds what an ability applies to, parsed once into components (spec tinycloud.md 1.1, 1.3; ucan.md B.3).
public enum Resource: Hashable, Sendable, CustomStringConvertible {
    /// A place in a space. `path` nil and empty differ; `suffix` is `?query` and `#fragment` as written, or empty.
    case tinycloud(space: Space, service: String, path: String?, suffix: String)
    /// `urn:tinycloud:encryption:<owner>:<name>`; its root authority is the owner.
    case encryptionNetwork(owner: DID, name: String)
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
        } else if text.hasPrefix(Self.network) {
            self = try Self.encryptionNetwork(text)
        } else {
            // A scheme that differs from ours only in case is the same URI in RFC 3986: refuse it as not normalised.
            let head = bytes.prefix(10).map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }
            guard !head.elementsEqual(Self.scheme) || bytes.starts(with: Self.scheme) else {
                throw GraphError(.malformedResource, "`\(text)` is not normalised: the scheme is not lower case")
            }
            self = .opaque(text)
        }
    }

    private static func tinycloud(_ bytes: [UInt8], _ text: String) throws(GraphError) -> Resource {
        guard URISyntax.isNormalised(bytes) else {
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

    /// The space this resource lies in, if any.
    public var space: Space? {
        if case .tinycloud(let space, _, _, _) = self { space } else { nil }
    }

    /// The DID that controls the resource without any proof, if any.
    public var rootAuthority: DID? {
        switch self {
        case .tinycloud(let space, _, _, _): space.owner
        case .encryptionNetwork(let owner, _): owner
        case .opaque: nil
        }
    }

    public var description: String {
        switch self {
        case .tinycloud(let space, let service, let path, let suffix):
            "\(space)/\(service)\(path.map { "/" + $0 } ?? "")\(suffix)"
        case .encryptionNetwork(let owner, let name): Self.network + owner.text + ":" + name
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
        case (.encryptionNetwork, .encryptionNetwork), (.opaque, .opaque): self == child
        case (.tinycloud, _), (.encryptionNetwork, _), (.opaque, _): false
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
