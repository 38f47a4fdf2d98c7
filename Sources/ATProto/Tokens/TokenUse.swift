public import UCAN

/// Names one use of something that may be used once: what a replay store keeps, and how long.
///
/// Verification gives it back as its last step, so that what fails does not burn the token. The caller consumes it, in
/// the transaction of what the token allows.
public struct TokenUse: Hashable, Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        case delegation
        case attestation
        case proof
        case serviceAuth
    }

    public let kind: Kind
    /// Who made it: a DID, a client's URL, or the thumbprint of a proof's key.
    public let issuer: String
    /// Its `jti`.
    public let id: String
    /// From when on the use may be forgotten, since the token is refused by then.
    public let until: Timestamp

    init(_ kind: Kind, issuer: String, id: String, lastSecond: Int64) {
        self.kind = kind
        self.issuer = issuer
        self.id = id
        until = Timestamp(seconds: lastSecond + UnixTime.skew + 1)
    }

    /// The error for a use that was seen before: `BadDpopProof` of proofs (4.5), else `JwtReplayed`.
    public var replayed: ATProtoError {
        switch kind {
        case .proof: ATProtoError("BadDpopProof", "the proof was used before")
        case .attestation: ATProtoError("InvalidClientAttestation", "the attestation was used before")
        case .delegation, .serviceAuth: ATProtoError("JwtReplayed", "the token was used before")
        }
    }
}
