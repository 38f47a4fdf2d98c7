public import Multiformats
public import UCAN

/// One ability on one resource, narrowed by caveats (alternatives are kept as one list, never dropped).
public struct Capability: Hashable, Sendable {
    public var resource: Resource
    public var ability: Ability
    public var caveats: Caveats

    public init(resource: Resource, ability: Ability, caveats: Caveats = .none) {
        self.resource = resource
        self.ability = ability
        self.caveats = caveats
    }
}

/// What a verified token says, ready for admission: no bytes, no signature, no clock.
public struct EdgeStatement: Sendable {
    public var id: Multihash
    public var statementID: Digest
    public var kind: EdgeKind
    public var issuer: DID
    public var audience: DID
    public var capabilities: [Capability]
    public var notBefore: Timestamp?
    public var expires: Timestamp?
    public var issuedAt: Timestamp?
    public var proofs: [Multihash]
    public var isTerminal: Bool

    public init(
        id: Multihash, statementID: Digest, kind: EdgeKind, issuer: DID, audience: DID, capabilities: [Capability],
        notBefore: Timestamp? = nil, expires: Timestamp? = nil, issuedAt: Timestamp? = nil, proofs: [Multihash] = [],
        isTerminal: Bool = false
    ) {
        self.id = id
        self.statementID = statementID
        self.kind = kind
        self.issuer = issuer
        self.audience = audience
        self.capabilities = capabilities
        self.notBefore = notBefore
        self.expires = expires
        self.issuedAt = issuedAt
        self.proofs = proofs
        self.isTerminal = isTerminal
    }

    /// True when its issuer does not control every resource it names, so that it rests on proofs.
    public var needsProofs: Bool { capabilities.contains { $0.resource.rootAuthority != issuer } }
}
