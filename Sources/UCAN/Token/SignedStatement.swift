public import Multiformats

/// Names the two wire forms; the raw values are stable in stored data.
public enum TokenKind: UInt8, Sendable, CaseIterable {
    /// A wallet's message with its signature, as DAG-CBOR (spec/ucan.md C).
    case cacao = 1
    /// A JWT (spec/ucan.md B).
    case ucan = 2
}

/// Says whom a statement addresses.
public enum Audience: Sendable, Hashable {
    case principal(DID)
    /// A statement to end: `ucan:<cid>` in a CACAO.
    case target(CID)

    public var principal: DID? { if case .principal(let did) = self { did } else { nil } }
    public var target: CID? { if case .target(let cid) = self { cid } else { nil } }
}

/// Gives what a statement says, the same for `UnverifiedToken` and `Token`.
public protocol SignedStatement: Sendable {
    var contents: StatementContents { get }
}

/// Holds the fields read from a statement; immutable and shared by the tokens that carry it.
public final class StatementContents: Sendable {
    let kind: TokenKind
    let bytes: [UInt8]
    let id: Multihash
    let statementID: Digest
    let issuer: DID
    let issuerFragment: String?
    let audience: Audience
    let audienceFragment: String?
    let capabilities: [TokenCapability]
    let proofs: [Multihash]
    let hasDuplicateProofs: Bool
    let notBefore: Timestamp?
    let expires: Timestamp?
    let issuedAt: Timestamp?
    let nonce: String?
    let facts: [JSON]

    init(
        kind: TokenKind,
        bytes: [UInt8],
        statementID: Digest,
        issuer: (DID, fragment: String?),
        audience: (Audience, fragment: String?),
        capabilities: [TokenCapability],
        citedProofs: [CID],
        notBefore: Timestamp?,
        expires: Timestamp?,
        issuedAt: Timestamp?,
        nonce: String?,
        facts: [JSON]
    ) throws(UCANError) {
        // B.5 step 2: a window that holds no instant is refused here, since no clock is needed to see it.
        if let notBefore, let expires, notBefore >= expires {
            throw UCANError(.emptyWindow, "the statement expires before it becomes valid", step: "B.5.2")
        }
        self.kind = kind
        self.bytes = bytes
        id = Multihash(code: .blake3_256, digest: BLAKE3.hash(bytes))
        self.statementID = statementID
        self.issuer = issuer.0
        issuerFragment = issuer.fragment
        self.audience = audience.0
        audienceFragment = audience.fragment
        self.capabilities = capabilities
        var distinct: [Multihash] = []
        for proof in citedProofs where !distinct.contains(proof.hash) { distinct.append(proof.hash) }
        proofs = distinct
        hasDuplicateProofs = distinct.count != citedProofs.count
        self.notBefore = notBefore
        self.expires = expires
        self.issuedAt = issuedAt
        self.nonce = nonce
        self.facts = facts
    }
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
