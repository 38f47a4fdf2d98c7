public import UCAN

/// Holds what an ability applies to, parsed once into components by the family that writes it (`Families.resource`).
public struct Resource: Hashable, Sendable, CustomStringConvertible {
    /// Whose grammar it was written by; nil for any other URI, which contains itself and nothing else.
    public let family: FamilyName?
    /// The space it lies in; nil where it lies in none.
    public let space: Space?
    /// The part of a space it lies in, in families whose spaces have such parts.
    public let service: String?
    /// The place below; nil for the whole, which differs from empty.
    public let path: String?
    /// `?query` and `#fragment` as written, or empty.
    public let suffix: String
    /// The DID that controls the resource without any proof, if any.
    public let rootAuthority: DID?
    /// The text of a resource outside spaces.
    private let whole: String

    /// A place in a space, or the whole of it.
    public init(space: Space, service: String? = nil, path: String? = nil, suffix: String = "") {
        family = space.family
        self.space = space
        self.service = service
        self.path = path
        self.suffix = suffix
        rootAuthority = space.owner
        whole = ""
    }

    /// A resource outside spaces, which contains itself and nothing else.
    public init(_ family: FamilyName?, text: String, controlledBy authority: DID?) {
        self.family = family
        space = nil
        service = nil
        path = nil
        suffix = ""
        rootAuthority = authority
        whole = text
    }

    /// Any URI of no family.
    public static func opaque(_ text: String) -> Resource { Resource(nil, text: text, controlledBy: nil) }

    /// The canonical text of the resource, as it is parsed.
    public var text: String {
        guard let space else { return whole }
        if service == nil, path == nil { return space.text + suffix }
        var text = space.text
        if let service { text += "/" + service }
        if let path { text += "/" + path }
        return text + suffix
    }

    /// Bytes of the text.
    var byteCount: Int {
        guard let space else { return whole.utf8.count }
        let parts = [service, path].reduce(0) { $0 + ($1.map { 1 + $0.utf8.count } ?? 0) }
        return space.text.utf8.count + parts + suffix.utf8.count
    }

    public var description: String { text }

    /// True when a capability on this resource covers `child` (spec tinycloud.md 7.4, ucan.md B.4).
    public func contains(_ child: Resource) -> Bool {
        guard let space, let inner = child.space else { return self == child }
        return space == inner && service == child.service && suffix == child.suffix
            && Self.pathContains(path, child.path)
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
