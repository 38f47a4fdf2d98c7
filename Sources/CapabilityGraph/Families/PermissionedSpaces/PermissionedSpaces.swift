import ATSyntax
import Multiformats
public import UCAN

extension FamilyName {
    public static let atproto = FamilyName("atproto")
}

/// Spaces of the AT Protocol that an authority admits people and applications to, and the accounts these are
/// (spec atproto-spaces.md).
public struct PermissionedSpaces: Family {
    public init() {}

    public var name: FamilyName { .atproto }
    public var abilities: [AbilityRegistry.Entry] { AbilityRegistry.spaceEntries }
    public var kinds: [EdgeKind] {
        [
            .membership, .ownership, .policy, .appAccess, .invite, .session, .delegationToken, .spaceCredential,
        ]
    }
    public var managing: Ability? { .spaceManageUpdate }
    public var knowing: Ability? { .spaceKnow }
    public var caveats: [any Caveat.Type] { [SpaceCaveat.self] }
    public var context: [ContextMember] { [.client, .managingApp, .credential] }
    public var prefixes: [String] { ["at:"] }
    public var membersArePrincipals: Bool { true }

    /// Everything but one record.
    public func reachesBelow(_ ability: Ability, _ resource: Resource, _ registry: AbilityRegistry) -> Bool {
        resource.path.map { $0.utf8.count { $0 == 0x2F } < 2 } ?? true
    }

    /// An author's repo in a space is the author's to read and to take away, whatever became of its membership or of the
    /// space, and in a space that another host holds also to write.
    public func isOwn(_ question: CheckQuestion) -> Bool {
        guard let path = question.resource.path,
            path.utf8.prefix(while: { $0 != UInt8(ascii: "/") }).elementsEqual(question.principal.text.utf8)
        else { return false }
        if question.ability == .spaceReadSelf { return true }
        guard question.context?.isHeldElsewhere ?? false else {
            return question.ability == .spaceDelete && !(question.context?.isOfNoRepo ?? false)
        }
        if question.ability == .spaceDelete { return true }
        return [Ability.spaceCreate, .spaceUpdate, .spaceBelong].contains(question.ability)
    }

    /// The space is carried by what gives it to its owner, what its members rest on, and what holds whatever its settings say.
    public func loneEnd(of edge: EdgeView) -> LoneEnd {
        guard edge.kind != .ownership else { return .carriesSpace }
        guard edge.kind != .appAccess else { return .followsSetting }
        guard edge.kind == .policy else { return .plain }
        let carrying = [Ability.spaceListRead, .spaceListWrite, .spaceTake, .spaceKnow]
        let isCarrying =
            UTF8Bytes.equal(edge.issuer, edge.audience)
            || edge.capabilities.contains { carrying.contains($0.ability) }
        return isCarrying ? .carriesSpace : .followsSetting
    }

    /// Of a space held elsewhere, its authority's credential is all there is.
    public func isAttested(_ question: CheckQuestion, _ registry: AbilityRegistry, at now: Timestamp) -> Bool {
        guard let context = question.context, context.isHeldElsewhere, let credential = context.credential else {
            return false
        }
        return credential.allows(question, registry, at: now)
    }
}

extension EdgeKind {
    /// Admits a principal, or another space, to a space (atproto-spaces.md 5).
    public static let membership = EdgeKind(
        code: 3, name: "membership", [.hostStatement, .membership], endedBy: [.authority, .manager])
    /// Hands a space whose authority the service holds to the account that owns it (21.1).
    public static let ownership = EdgeKind(
        code: 4, name: "ownership", [.hostStatement, .ownership], endedBy: [.authority, .manager])
    /// Admits anyone, or whom a managing application admits (5).
    public static let policy = EdgeKind(
        code: 5, name: "policy", [.hostStatement, .policy], endedBy: [.authority, .manager])
    /// Lets applications act in a space: any, or those on a list (5).
    public static let appAccess = EdgeKind(
        code: 6, name: "appAccess", .hostStatement, endedBy: [.authority, .manager])
    /// Admits whoever shows the invite's secret (16).
    public static let invite = EdgeKind(code: 7, name: "invite", .hostStatement, endedBy: [.authority, .manager])
    /// Lets a session act for its account.
    public static let session = EdgeKind(code: 8, name: "session", [.hostStatement, .session], endedBy: [.issuer])
    /// A user's consent that an application asks for a credential (4.1).
    public static let delegationToken = EdgeKind(
        code: 9, name: "delegationToken", [.hostStatement, .bearerToken], endedBy: [.issuer, .authority, .manager])
    /// A key's right to read a space (4.4).
    public static let spaceCredential = EdgeKind(
        code: 10, name: "spaceCredential", [.hostStatement, .bearerToken, .minted],
        endedBy: [.audience, .authority, .manager, .concerned])
}

extension ContextMember {
    static let client = ContextMember("client") { json, _, context throws(GraphError) in
        guard let text = json.string, (try? DID(application: text)) != nil else {
            throw GraphError(.malformedContext, "`client` is not a client id")
        }
        context.client = text
    } write: { context in
        context.client.map(JSON.string)
    }

    static let managingApp = ContextMember("managingApp") { json, _, context throws(GraphError) in
        context.managingApp = try ManagingAppWord(json)
    } write: { context in
        context.managingApp.map { word in
            ["app": .string(word.app), "access": .string(word.access.rawValue), "authorized": .bool(word.isAuthorized)]
        }
    }

    static let credential = ContextMember("credential") { json, families, context throws(GraphError) in
        context.credential = try ForeignCredential(json, families)
    } write: { context in
        context.credential.map { credential in
            [
                "space": .string(credential.space.text), "holder": .string(credential.holder.text),
                "expires": .number(JSONNumber(credential.expires.microseconds / 1_000_000)),
            ]
        }
    }
}

extension CheckContext {
    private enum ClientKey: ContextKey { typealias Value = String }
    private enum ManagingAppKey: ContextKey { typealias Value = ManagingAppWord }
    private enum CredentialKey: ContextKey { typealias Value = ForeignCredential }
    private enum HeldElsewhereKey: ContextKey { typealias Value = Bool }
    private enum NoSpaceKey: ContextKey { typealias Value = Bool }
    private enum NoRepoKey: ContextKey { typealias Value = Bool }

    public init(client: String?) {
        self.init()
        self.client = client
    }

    /// The client id of the application by which a space is used, attested.
    public var client: String? {
        get { self[ClientKey.self] }
        set { self[ClientKey.self] = newValue }
    }

    /// What the managing application said of the user.
    public var managingApp: ManagingAppWord? {
        get { self[ManagingAppKey.self] }
        set { self[ManagingAppKey.self] = newValue }
    }

    /// A credential of an authority elsewhere, verified.
    public var credential: ForeignCredential? {
        get { self[CredentialKey.self] }
        set { self[CredentialKey.self] = newValue }
    }

    /// True for a space that another host holds, and an author whose repo in it is kept here: a fact of this host, which
    /// no question brings along.
    public var isHeldElsewhere: Bool {
        get { self[HeldElsewhereKey.self] ?? false }
        set { self[HeldElsewhereKey.self] = newValue ? true : nil }
    }

    /// True where this host has no such space, be it that it never was or that it was deleted; likewise a fact of this host.
    public var isOfNoSpace: Bool {
        get { self[NoSpaceKey.self] ?? false }
        set { self[NoSpaceKey.self] = newValue ? true : nil }
    }

    /// True where nothing is in the repo of the author who is named; likewise a fact of this host.
    public var isOfNoRepo: Bool {
        get { self[NoRepoKey.self] ?? false }
        set { self[NoRepoKey.self] = newValue ? true : nil }
    }
}
