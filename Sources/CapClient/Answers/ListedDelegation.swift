public import Multiformats

/// Holds one delegation as the service lists it: text from outside, nothing in it is verified.
public struct ListedDelegation: Sendable, Hashable {
    /// One ability on one resource, with the caveats that narrow it.
    public struct Capability: Sendable, Hashable {
        public let resource: String
        public let ability: String
        public let caveats: JSON

        public init(resource: String, ability: String, caveats: JSON) {
            self.resource = resource
            self.ability = ability
            self.caveats = caveats
        }
    }

    public let cid: String
    /// `cacao`, `ucan`, `membership` and so on; nil when the service does not say.
    public let kind: String?
    public let issuer: String
    public let audience: String
    public let capabilities: [Capability]
    /// Text CIDs, in the order of the token.
    public let proofs: [String]
    /// RFC 3339 text; nil when unknown or unlimited.
    public let issuedAt: String?
    public let notBefore: String?
    public let expiresAt: String?
    /// `live`, `expired`, `revoked` and so on; nil when the service does not say.
    public let status: String?
    /// Why it is not live, in one sentence.
    public let cause: String?
    /// The token in `Authorization` form; nil when withheld.
    public let raw: String?

    public init(
        cid: String,
        kind: String? = nil,
        issuer: String,
        audience: String,
        capabilities: [Capability],
        proofs: [String] = [],
        issuedAt: String? = nil,
        notBefore: String? = nil,
        expiresAt: String? = nil,
        status: String? = nil,
        cause: String? = nil,
        raw: String? = nil
    ) {
        self.cid = cid
        self.kind = kind
        self.issuer = issuer
        self.audience = audience
        self.capabilities = capabilities
        self.proofs = proofs
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.expiresAt = expiresAt
        self.status = status
        self.cause = cause
        self.raw = raw
    }

    /// Returns the same delegation with other proofs.
    func resting(on proofs: [String]) -> ListedDelegation {
        ListedDelegation(
            cid: cid,
            kind: kind,
            issuer: issuer,
            audience: audience,
            capabilities: capabilities,
            proofs: proofs,
            issuedAt: issuedAt,
            notBefore: notBefore,
            expiresAt: expiresAt,
            status: status,
            cause: cause,
            raw: raw
        )
    }
}
