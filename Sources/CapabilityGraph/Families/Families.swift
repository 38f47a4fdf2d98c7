public import Multiformats
public import UCAN

/// The families a graph is made for, closed when they are put together.
public final class Families: Sendable {
    public let all: [any Family]
    /// The abilities of all of them.
    public let registry: AbilityRegistry
    private let kinds: [EdgeKind?]
    private let traits: [EdgeKind.Traits]
    let caveats: [any Caveat.Type]
    private let members: [ContextMember]
    private let prefixes: [(bytes: [UInt8], family: any Family)]
    private let principalPrefixes: [[UInt8]]

    /// Throws `familiesMalformed` where two families have a name, a prefix, a code or name of a kind, or a member of the
    /// context in common, and `registryMalformed` for abilities that do not fit together.
    public init(_ families: [any Family]) throws(GraphError) {
        all = families
        registry = try AbilityRegistry(families.flatMap { $0.abilities })
        try Self.requireDistinct(families.map { $0.name.text }, "families")
        var prefixes: [(bytes: [UInt8], family: any Family)] = []
        for family in families {
            for prefix in family.prefixes {
                let bytes = Array(prefix.utf8)
                guard bytes.contains(0x3A), bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && !(0x41...0x5A).contains($0) })
                else { throw GraphError(.familiesMalformed, "`\(prefix)` begins no resource") }
                guard !Self.reserved.contains(where: { $0.utf8.starts(with: bytes) || bytes.starts(with: $0.utf8) })
                else { throw GraphError(.familiesMalformed, "`\(prefix)` begins texts that are nobody's alone") }
                // No text may be two families'.
                if prefixes.contains(where: { $0.bytes.starts(with: bytes) || bytes.starts(with: $0.bytes) }) {
                    throw GraphError(.familiesMalformed, "`\(prefix)` is the beginning of two families' resources")
                }
                prefixes.append((bytes, family))
            }
        }
        self.prefixes = prefixes
        principalPrefixes = prefixes.filter { $0.family.membersArePrincipals }.map { $0.bytes }
        var kinds = [EdgeKind?](repeating: nil, count: 256)
        for kind in families.flatMap({ $0.kinds }) {
            guard kind.code != 0, kinds[Int(kind.code)] == nil else {
                throw GraphError(.familiesMalformed, "the code \(kind.code) of `\(kind.name)` is another kind's")
            }
            kinds[Int(kind.code)] = kind
        }
        self.kinds = kinds
        traits = kinds.map { $0?.traits ?? [] }
        try Self.requireDistinct(kinds.compactMap { $0?.name }, "kinds of edges")
        caveats = families.flatMap { $0.caveats }
        // A type may stand for all that begin with it.
        for (place, caveat) in caveats.enumerated() {
            let isTaken = caveats[..<place].contains { other in
                caveat.type.utf8.starts(with: other.type.utf8) || other.type.utf8.starts(with: caveat.type.utf8)
            }
            guard !isTaken else {
                throw GraphError(.familiesMalformed, "two types of caveats are named `\(caveat.type)`")
            }
        }
        members = [.caveats] + families.flatMap { $0.context }
        try Self.requireDistinct(members.map(\.name), "members of the context")
    }

    /// What principals, applications and revocations are named by, in whatever family.
    private static let reserved = [
        "did:", "http:", "https:", "urn:cid:", "urn:capabilitygraph:", "urn:ietf:",
    ]

    private static func requireDistinct(_ names: [String], _ what: String) throws(GraphError) {
        var seen: Set<[UInt8]> = []
        for name in names where !seen.insert(Array(name.utf8)).inserted {
            throw GraphError(.familiesMalformed, "two \(what) are named `\(name)`")
        }
    }

    /// Those of this product: TinyCloud and the permissioned spaces of the AT Protocol.
    public static func standard() throws(GraphError) -> Families { try made.get() }

    private static let made = Result { () throws(GraphError) in
        try Families([TinyCloud(), PermissionedSpaces()])
    }

    public subscript(name: FamilyName) -> (any Family)? { all.first { $0.name == name } }

    /// The family a resource is written by; nil for an opaque one.
    func family(of resource: Resource) -> (any Family)? { resource.family.flatMap { self[$0] } }

    // MARK: kinds

    /// The kind that a stored code stands for; nil for one of no family here.
    public func kind(code: UInt8) -> EdgeKind? { kinds[Int(code)] }

    public func kind(named name: String) -> EdgeKind? {
        kinds.lazy.compactMap { $0 }.first { UTF8Bytes.equal($0.name, name) }
    }

    @inline(__always)
    func traits(code: UInt8) -> EdgeKind.Traits { traits[Int(code)] }

    // MARK: texts

    /// Reads a URI; what begins as a resource of a family but is not well formed is refused, never opaque. Throws
    /// `malformedResource`.
    public func resource(_ text: String) throws(GraphError) -> Resource {
        let bytes = text.utf8
        guard Self.mayBeURI(text) else {
            throw GraphError(.malformedResource, "`\(text.prefix(200))` is not a URI")
        }
        for (prefix, family) in prefixes where bytes.starts(with: prefix) { return try family.resource(text) }
        // A scheme that differs from ours only in case is the same URI in RFC 3986: refuse it as not normalised.
        for (prefix, _) in prefixes where prefix.firstIndex(of: 0x3A) == prefix.count - 1 {
            let head = bytes.prefix(prefix.count).map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }
            guard head != prefix else {
                throw GraphError(.malformedResource, "`\(text)` is not normalised: the scheme is not lower case")
            }
        }
        return .opaque(text)
    }

    /// In place: a view of a text is read several times as slowly as its bytes.
    private static func mayBeURI(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            bytes.count <= 8192 && bytes.contains(0x3A) && bytes.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        }
    }

    /// Reads the text of a space; throws `malformedResource`.
    public func space(_ text: String) throws(GraphError) -> Space {
        for (prefix, family) in prefixes where text.utf8.starts(with: prefix) { return try family.space(text) }
        throw GraphError(.malformedResource, "`\(text.prefix(200))` is not a space id")
    }

    /// Reads any principal, as questions name it; throws `malformedPrincipal`.
    public func principal(_ text: String) throws(GraphError) -> DID {
        guard isSpace(text.utf8) else { return try DID(principalOutsideSpaces: text) }
        guard let space = try? space(text) else {
            throw GraphError(.malformedPrincipal, "`\(text.prefix(200))` is not a space")
        }
        return DID(space: space)
    }

    /// True for a principal that stands for the members of a space.
    func isSpace(_ principal: some Sequence<UInt8>) -> Bool {
        principalPrefixes.contains { principal.starts(with: $0) }
    }

    // MARK: context

    /// The names of what a question may say, each optional.
    public var contextMembers: [String] { members.map(\.name) }

    /// Reads an object of those members and nothing else; throws `malformedContext`.
    public func context(_ json: JSON) throws(GraphError) -> CheckContext {
        guard case .object(let object) = json else {
            throw GraphError(.malformedContext, "the context is not an object")
        }
        var context = CheckContext()
        for (key, value) in object.members {
            guard let member = members.first(where: { UTF8Bytes.equal($0.name, key) }) else {
                throw GraphError(.malformedContext, "the context has an unknown member `\(key.prefix(200))`")
            }
            try member.read(value, self, &context)
        }
        return context
    }

    /// The object that `context` reads back: all that somebody else could say of the use as well.
    public func json(of context: CheckContext) -> JSON {
        var object = JSONObject()
        for member in members { object[member.name] = member.write(context) }
        return .object(object)
    }
}
