/// Tells which kind of statement an edge was made from, and what the walk and listings make of it.
///
/// Each family names its own; the codes are stored, so that they are nobody else's and never change.
public struct EdgeKind: Sendable, Hashable {
    /// What a kind is to the walk and to listings, whatever family it is of.
    public struct Traits: OptionSet, Sendable {
        public let rawValue: UInt8
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// A token that serves whoever holds its bytes, so that nobody is shown them again.
        public static let bearerToken = Traits(rawValue: 1)
        /// A statement of this host, which nobody else signed.
        public static let hostStatement = Traits(rawValue: 2)
        /// Puts its audience on the list of a space's members: what it gives may have a policy above it.
        public static let membership = Traits(rawValue: 4)
        /// Says what the list of a space's members may give them.
        public static let policy = Traits(rawValue: 8)
        /// Gives a space to its owner; while the newest one stands, the space is here.
        public static let ownership = Traits(rawValue: 16)
        /// Minted for a key of whoever holds what it rests on, whom it concerns as well.
        public static let minted = Traits(rawValue: 32)
        /// Acts for its issuer, who is concerned by what rests on it.
        public static let session = Traits(rawValue: 64)
    }

    public let code: UInt8
    public let name: String
    public let traits: Traits
    /// Who may end an edge of this kind, whichever door it is ended by. What an end takes with it, and what nobody ends
    /// alone, is its family's to say.
    public let endedBy: EndRight

    public init(code: UInt8, name: String, _ traits: Traits, endedBy: EndRight) {
        self.code = code
        self.name = name
        self.traits = traits
        self.endedBy = endedBy
    }

    public static func == (left: EdgeKind, right: EdgeKind) -> Bool { left.code == right.code }
    public func hash(into hasher: inout Hasher) { hasher.combine(code) }

    public var isBearerToken: Bool { traits.contains(.bearerToken) }
    public var isHostStatement: Bool { traits.contains(.hostStatement) }
}

/// By what somebody may end an edge.
public struct EndRight: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let issuer = EndRight(rawValue: 1)
    public static let audience = EndRight(rawValue: 2)
    /// Controls a space, network or account that the edge touches.
    public static let authority = EndRight(rawValue: 4)
    /// Manages a space that the edge touches (`Family.managing`).
    public static let manager = EndRight(rawValue: 8)
    /// Manages every place that the edge touches: what somebody signed may carry other spaces too.
    public static let managerOfAll = EndRight(rawValue: 16)
    /// Is who the edge was made for, though somebody else issued and holds it.
    public static let concerned = EndRight(rawValue: 32)
}

/// What ending an edge by itself comes to.
public enum LoneEnd: Sendable {
    /// It ends, and what rests on it dies.
    case plain
    /// It carries its space, so that nobody ends it alone.
    case carriesSpace
    /// It follows a setting of its space, which changes with it, and other edges with that.
    case followsSetting
}
