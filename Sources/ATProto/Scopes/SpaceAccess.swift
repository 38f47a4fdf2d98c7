/// Says what an operation needs of an app's scopes: which spaces, and what is done there (table of section 6).
public struct SpaceAccess: Hashable, Sendable {
    public enum Operation: Hashable, Sendable {
        case readSelf
        case read
        case create(collection: String)
        case update(collection: String)
        case delete(collection: String)
        case manage(SpaceScope.Management)
    }

    /// nil where every type is meant, which only a wildcard covers; likewise the two below.
    public let type: String?
    public let authority: String?
    public let skey: String?
    public let operation: Operation

    public init(type: String?, authority: String?, skey: String?, operation: Operation) {
        self.type = type
        self.authority = authority
        self.skey = skey
        self.operation = operation
    }

    public init(_ space: SpaceURI, _ operation: Operation) {
        self.init(type: space.type, authority: space.authority, skey: space.skey, operation: operation)
    }

    /// createRecord, and each create of applyWrites.
    public static func createRecord(_ space: SpaceURI, collection: String) -> SpaceAccess {
        SpaceAccess(space, .create(collection: collection))
    }

    /// putRecord: an update when the record exists, else a create.
    public static func putRecord(_ space: SpaceURI, collection: String, exists: Bool) -> SpaceAccess {
        SpaceAccess(space, exists ? .update(collection: collection) : .create(collection: collection))
    }

    public static func getDelegationToken(_ space: SpaceURI) -> SpaceAccess { SpaceAccess(space, .read) }

    /// listSpaces with its filters; without them only wildcards suffice.
    public static func listSpaces(type: String?, authority: String?) -> SpaceAccess {
        SpaceAccess(type: type, authority: authority, skey: nil, operation: .readSelf)
    }

    /// getSpace and listMembers.
    public static func showSpace(_ space: SpaceURI) -> SpaceAccess { SpaceAccess(space, .readSelf) }

    public static func createSpace(_ space: SpaceURI) -> SpaceAccess { SpaceAccess(space, .manage(.create)) }

    /// updateSpace, and every change of members and invites.
    public static func updateSpace(_ space: SpaceURI) -> SpaceAccess { SpaceAccess(space, .manage(.update)) }

    public static func deleteSpace(_ space: SpaceURI) -> SpaceAccess { SpaceAccess(space, .manage(.delete)) }
}
