public import Multiformats

/// Gives what a statement says, the same for `UnverifiedToken` and `Token`.
public protocol SignedStatement: Sendable {
    var contents: StatementContents { get }
}

extension SignedStatement {
    public var kind: TokenKind { contents.kind }

    /// The bytes as received: DAG-CBOR, or the ASCII of the JWT.
    public var bytes: [UInt8] { contents.bytes }

    /// BLAKE3-256 of the bytes as received.
    public var id: Multihash { contents.id }

    /// CIDv1 raw of the bytes as received.
    public var cid: CID { CID(codec: CID.rawCodec, hash: contents.id) }

    /// SHA-256 of what was signed: the message text, or header and payload as received.
    ///
    /// Every encoding and every form of the signature of one statement gives the same value, so replay and revocation
    /// keyed by it cannot be passed by with a twin (spec/ucan.md I).
    public var statementID: Digest { contents.statementID }

    public var issuer: DID { contents.issuer }
    public var issuerFragment: String? { contents.issuerFragment }
    public var audience: Audience { contents.audience }

    /// What followed `#` in a CACAO's audience; it has no bearing on who the audience is.
    public var audienceFragment: String? { contents.audienceFragment }

    /// Ordered by resource, then ability, bytewise.
    public var capabilities: [TokenCapability] { contents.capabilities }

    /// Cited proofs in their order, each once; codec and base of the citation are not kept.
    public var proofs: [Multihash] { contents.proofs }

    /// Whether a proof was cited more than once, which invocations must refuse.
    public var hasDuplicateProofs: Bool { contents.hasDuplicateProofs }

    public var notBefore: Timestamp? { contents.notBefore }
    public var expires: Timestamp? { contents.expires }

    /// Known for wallet messages only; informative.
    public var issuedAt: Timestamp? { contents.issuedAt }
    public var nonce: String? { contents.nonce }

    /// The elements of `fct`; empty for a CACAO.
    public var facts: [JSON] { contents.facts }

    /// Tests `notBefore <= now < expires`; an absent bound does not bound.
    public func isInWindow(at now: Timestamp) -> Bool {
        (notBefore.map { $0 <= now } ?? true) && (expires.map { now < $0 } ?? true)
    }

    /// The form sent in `Authorization`: padded base64url of the CACAO, or the JWT.
    public func authorization() -> String {
        switch kind {
        case .cacao: Base64URL.encode(bytes, padded: true)
        case .ucan: String(decoding: bytes, as: UTF8.self)
        }
    }
}

/// Says whom a statement addresses.
public enum Audience: Sendable, Hashable {
    case principal(DID)
    /// A statement to end: `ucan:<cid>` in a CACAO.
    case target(CID)

    public var principal: DID? { if case .principal(let did) = self { did } else { nil } }
    public var target: CID? { if case .target(let cid) = self { cid } else { nil } }
}

extension SignedStatement {
    /// Whether a fact forbids redelegation: it may be invoked, but never be a proof of a delegation (B.5 step 6).
    public var isTerminal: Bool {
        holdsFact("xyz.tinycloud.policy/delegationMode", "terminal")
    }

    /// Whether a fact puts the statement under the policy-session profile, which is another set of rules (B.5).
    public var isPolicySession: Bool {
        holdsFact("profile", "policy-session-ucan/v1")
    }

    /// Whether a fact makes the statement one of the two roots of a policy, which that profile never uses as ordinary
    /// delegations (spec/tinycloud.md 11).
    public var isPolicyRoot: Bool {
        holdsFact("role", "policy-authority") || holdsFact("role", "policy-enforcement")
    }

    private func holdsFact(_ member: String, _ value: String) -> Bool {
        facts.contains { fact in
            guard case .string(let held)? = fact[member] else { return false }
            return held.isExactly(value)
        }
    }
}
