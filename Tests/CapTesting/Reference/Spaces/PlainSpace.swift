/// A permissioned space as text and sets, for the reference evaluator (atproto-spaces.md 5).
public struct PlainSpace: Sendable, Hashable {
    /// Whom a policy admits.
    public enum Policy: Sendable, Hashable {
        case list, everybody, application
    }

    /// Which applications may connect.
    public enum Applications: Sendable, Hashable {
        case all
        case only([String])
        case allBut([String])
    }

    /// A member's level on each axis.
    public struct Level: Sendable, Hashable {
        public var reads = false
        /// Narrows reading to what is one's own.
        public var readsOwnOnly = false
        public var writes = false
        public var manages = false

        public init(reads: Bool = false, readsOwnOnly: Bool = false, writes: Bool = false, manages: Bool = false) {
            self.reads = reads
            self.readsOwnOnly = readsOwnOnly
            self.writes = writes
            self.manages = manages
        }

        public var readsAll: Bool { reads && !readsOwnOnly }

        /// What a member of a member space gets by a row of this level: no more than both give, and never management.
        func capping(_ inner: Level) -> Level {
            Level(
                reads: reads && inner.reads, readsOwnOnly: readsOwnOnly || inner.readsOwnOnly,
                writes: writes && inner.writes)
        }

        /// The most permissive of two ways, axis by axis.
        func merged(_ other: Level) -> Level {
            Level(
                reads: reads || other.reads, readsOwnOnly: !(readsAll || other.readsAll),
                writes: writes || other.writes, manages: manages || other.manages)
        }
    }

    public var owner: String
    public var readPolicy = Policy.list
    public var writePolicy = Policy.list
    public var applications = Applications.all
    /// `config.membershipPublic`, `recordsPublic` and `membersCanList`.
    public var showsMembers = false
    public var showsRecords = false
    public var membersList = false
    /// `config.allowedCollections`; nil is all.
    public var collections: [String]?
    /// By DID, or by URI for a space whose members are admitted.
    public var members: [String: Level] = [:]
    public var isDeleted = false
    /// Grows with each change, so that what was true at two moments can be told to have been true between them.
    var changes = 0

    public init(owner: String) { self.owner = owner }
}

/// An invite as it stands (16).
public struct PlainInvite: Sendable, Hashable {
    public var space: String
    public var level: PlainSpace.Level
    public var usesLeft: Int?
    public var isRevoked = false
    /// Who made it: an invite rests on the right of its maker.
    public var maker: String
    /// Who was removed since, and is not let in again by it.
    public var barred: Set<String> = []
}
