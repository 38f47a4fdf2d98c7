import Multiformats
public import UCAN

/// Holds a verified credential: an authority's word that whoever holds a key may read a space (section 4.4).
///
/// What `verify` finds may be remembered by the hash of the text: of a remembered one the caller checks again
/// `requireUnexpired`, the presentation, revocation and the space of the request.
public struct SpaceCredential: Hashable, Sendable {
    public static let type = "atproto-space-credential+jwt"
    /// Seconds from issue to expiry of what is made here, unless told otherwise.
    public static let defaultLifetime: Int64 = 600

    /// What the holder must prove at each use.
    public enum Binding: Hashable, Sendable {
        /// `cnf.jkt`: a DPoP proof by the key with this RFC 7638 thumbprint (profile P).
        case thumbprint(String)
        /// `cnf.kid`: an HTTP message signature by this P-256 key (profile N).
        case key(PublicKey)

        /// Longest lifetime of any credential, in seconds.
        public static let longestLifetime: Int64 = 7200

        /// Longest lifetime that is issued and accepted, in seconds.
        public var maximumLifetime: Int64 {
            switch self {
            case .thumbprint: Self.longestLifetime
            case .key: 3600
            }
        }
    }

    /// The space; its authority is the issuer.
    public let space: SpaceURI
    public let binding: Binding
    /// Its `jti`, by which it is revoked.
    public let id: String
    /// Unix seconds.
    public let issuedAt: Int64
    public let expiresAt: Int64
    /// `#atproto_space` or `#atproto`.
    public let keyID: String
    public let text: String

    /// Signs a credential with the authority's key that `keyID` names; throws `InvalidRequest` for a lifetime outside
    /// 1 second to the binding's maximum, and for a binding key that is not P-256.
    public static func make(
        space: SpaceURI, binding: Binding, keyID: String, key: PrivateKey, lifetime: Int64 = defaultLifetime,
        at now: Timestamp, id: String = TokenID.random()
    ) throws(ATProtoError) -> SpaceCredential {
        guard (1...binding.maximumLifetime).contains(lifetime) else {
            throw .invalidRequest("a credential lives 1 to \(binding.maximumLifetime) seconds")
        }
        let second = UnixTime.second(of: now)
        let confirmation: JSON
        switch binding {
        case .thumbprint(let thumbprint): confirmation = ["jkt": .string(thumbprint)]
        case .key(let key):
            guard key.curve == .p256 else { throw .invalidRequest("a credential is bound to a P-256 key") }
            confirmation = ["kid": .string(key.did.text)]
        }
        let text = try JWSMaker.make(
            type: type, keyID: keyID,
            claims: [
                ("iss", .string(space.authority)), ("sub", .string(space.text)), ("cnf", confirmation),
                ("iat", .number(JSONNumber(second))), ("exp", .number(JSONNumber(second + lifetime))),
                ("jti", .string(id)),
            ], key: key)
        return SpaceCredential(
            space: space, binding: binding, id: id, issuedAt: second, expiresAt: second + lifetime, keyID: keyID,
            text: text)
    }

    /// Verifies in the order of section 4.4, up to the signature; throws the error names of section 4.
    ///
    /// On `BadJwtSignature` the caller resolves the issuer anew once, and tries again if the key changed.
    public static func verify(
        _ text: String, keys: KeySource, at now: Timestamp
    ) throws(ATProtoError) -> SpaceCredential {
        let jws = try CompactJWS(text)
        try jws.require(type: type)
        let issuer = try jws.issuerDID()
        let space = try jws.spaceSubject()
        let ((issued, expiry), id) = (try jws.times(), try jws.id())
        let keyID = try jws.spaceKeyID()
        guard jws.claims["aud"] == nil else { throw ATProtoError("BadJwtAudience", "a credential has no `aud`") }
        let binding = try binding(jws.claims["cnf"])
        try UnixTime.requireUnexpired(expiry, at: now)
        try UnixTime.requireIssued(issued, at: now)
        try jws.requireBegun(at: now)
        try UnixTime.requireOrder(issued, expiry)
        guard expiry - issued <= binding.maximumLifetime else {
            throw .badJWT("the credential lives longer than \(binding.maximumLifetime) seconds")
        }
        // Otherwise anyone could mint for any space.
        guard issuer == space.authority else {
            throw ATProtoError("BadJwtIss", "the issuer is not the authority of the space")
        }
        try jws.verify(issuer: issuer, keyID: keyID, keys: keys, form: .low)
        return SpaceCredential(
            space: space, binding: binding, id: id, issuedAt: issued, expiresAt: expiry, keyID: keyID, text: text)
    }

    /// Reads `cnf`, which names exactly one binding; throws `BadJwtCnf`.
    private static func binding(_ confirmation: JSON?) throws(ATProtoError) -> Binding {
        let (thumbprint, key) = (confirmation?["jkt"], confirmation?["kid"])
        if key == nil, let thumbprint = thumbprint?.string, JWKThumbprint.isValid(thumbprint) {
            return .thumbprint(thumbprint)
        }
        if thumbprint == nil, let name = key?.string, let key = p256Key(name) { return .key(key) }
        throw ATProtoError("BadJwtCnf", "the credential is not bound to a key by `cnf.jkt` or `cnf.kid`")
    }

    /// Gives the key of a did:key of P-256.
    static func p256Key(_ name: String) -> PublicKey? {
        guard let did = try? DID(name), let key = try? PublicKey(did: did), key.curve == .p256 else { return nil }
        return key
    }

    /// Throws `JwtExpired`: to be asked again of a credential that was verified before.
    public func requireUnexpired(at now: Timestamp) throws(ATProtoError) {
        try UnixTime.requireUnexpired(expiresAt, at: now)
    }

    /// Throws `InvalidCredential` when the request names another space; comes last (section 4.4).
    public func require(space wanted: SpaceURI) throws(ATProtoError) {
        guard space == wanted else { throw ATProtoError("InvalidCredential", "the credential is for another space") }
    }
}
