/// Holds the usable `space:` scopes of one grant.
public struct SpaceScopes: Hashable, Sendable {
    /// Longest scope text of a grant that is read, in bytes; a longer one grants nothing.
    public static let maximumLength = 64 << 10

    public let scopes: [SpaceScope]

    public init(_ scopes: [SpaceScope]) { self.scopes = scopes }

    /// Takes the blank-separated scopes of a grant; those that are unusable or about something else are left out.
    public init(parsing text: String) {
        guard text.utf8.count <= SpaceScopes.maximumLength else {
            scopes = []
            return
        }
        scopes = text.utf8.split(separator: UInt8(ascii: " ")).compactMap {
            SpaceScope(String(decoding: $0, as: UTF8.self))
        }
    }

    /// One access is covered by one scope; scopes do not add up within an access.
    public func allows(_ access: SpaceAccess) -> Bool { scopes.contains { $0.allows(access) } }

    /// Throws `InsufficientScope`.
    public func require(_ access: SpaceAccess) throws(ATProtoError) {
        guard allows(access) else {
            throw ATProtoError("InsufficientScope", "the app has no scope for this in this space")
        }
    }

    /// The scopes as they hold for one grant; see `SpaceScope.granted`.
    public func granted(by user: String, declaredCollections: (String) -> Set<String>) -> SpaceScopes {
        SpaceScopes(
            scopes.map { $0.granted(by: user, declaredCollections: $0.type.map(declaredCollections) ?? []) })
    }

    public var text: String { scopes.map(\.text).joined(separator: " ") }
}
