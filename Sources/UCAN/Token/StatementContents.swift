import Multiformats
import Synchronization

/// Holds the fields read from a statement; immutable and shared by the tokens that carry it.
public final class StatementContents: Sendable {
    let kind: TokenKind
    let bytes: [UInt8]
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
    private let knownID = Mutex<Multihash?>(nil)

    /// BLAKE3-256 of the bytes; worked out when it is asked for, which it is of no invocation.
    var id: Multihash {
        knownID.withLock { known in
            if let known { return known }
            let id = Multihash(code: .blake3_256, digest: BLAKE3.hash(bytes))
            known = id
            return id
        }
    }

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
