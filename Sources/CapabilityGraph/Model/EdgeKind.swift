/// Tells which kind of statement an edge was made from; the numbers are stored.
public enum EdgeKind: UInt8, Sendable, CaseIterable {
    case cacao = 1
    case ucan = 2
    /// Admits a principal, or another space, to a space (atproto-spaces.md 5).
    case membership = 3
    /// Hands a space whose authority the service holds to the account that owns it (21.1).
    case ownership = 4
    /// Admits anyone, or whom a managing application admits (5).
    case policy = 5
    /// Lets applications act in a space: any, or those on a list (5).
    case appAccess = 6
    /// Admits whoever shows the invite's secret (16).
    case invite = 7
    /// Lets a session act for its account.
    case session = 8
    /// A user's consent that an application asks for a credential (4.1).
    case delegationToken = 9
    /// A key's right to read a space (4.4).
    case spaceCredential = 10

    public var name: String {
        switch self {
        case .cacao: "cacao"
        case .ucan: "ucan"
        case .membership: "membership"
        case .ownership: "ownership"
        case .policy: "policy"
        case .appAccess: "appAccess"
        case .invite: "invite"
        case .session: "session"
        case .delegationToken: "delegationToken"
        case .spaceCredential: "spaceCredential"
        }
    }

    /// True for tokens that serve whoever holds their bytes, so that nobody is shown them again.
    public var isBearerToken: Bool { self == .delegationToken || self == .spaceCredential }

    /// True for statements of this host, which nobody else signed.
    public var isHostStatement: Bool { self != .cacao && self != .ucan }
}
