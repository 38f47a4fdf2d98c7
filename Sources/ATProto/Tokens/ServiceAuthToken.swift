import Multiformats
public import UCAN

/// Holds a verified inter-service token: an account's word that it makes one call to one service (section 4.7).
public struct ServiceAuthToken: Hashable, Sendable {
    /// Seconds from issue to expiry of what is made here.
    public static let lifetime: Int64 = 60
    /// Furthest expiry that is accepted, in seconds from now.
    public static let maximumLifetime: Int64 = 3600

    /// Types that are other tokens.
    private static let refusedTypes = [
        SessionToken.Kind.access.type, SessionToken.Kind.refresh.type, DPoPProof.type, DelegationToken.type,
        SpaceCredential.type,
    ]

    /// A DID.
    public let issuer: String
    public let audience: String
    /// The NSID of the method called, `lxm`.
    public let method: String
    /// Its `jti`.
    public let id: String
    /// Unix seconds.
    public let expiresAt: Int64

    /// Signs a token with the issuer's `#atproto` key; without `method` it names none, and without `expiry`, in Unix
    /// seconds, it is good for 60 seconds.
    public static func make(
        issuer: String, audience: String, method: String?, key: PrivateKey, expiry: Int64? = nil, at now: Timestamp,
        id: String = TokenID.random()
    ) throws(ATProtoError) -> String {
        let second = UnixTime.second(of: now)
        var claims: [JSONObject.Member] = [("iss", .string(issuer)), ("aud", .string(audience))]
        if let method { claims.append(("lxm", .string(method))) }
        claims += [
            ("iat", .number(JSONNumber(second))), ("exp", .number(JSONNumber(expiry ?? second + lifetime))),
            ("jti", .string(id)),
        ]
        return try JWSMaker.make(type: "JWT", claims: claims, key: key)
    }

    /// Verifies a token for a call of `method` here; `audiences` are the identifiers this service answers to there.
    ///
    /// Throws the error names of section 4, and `BadJwtLexiconMethod` for another method. The caller consumes `use`
    /// last where a call must not be repeated.
    public static func verify(
        _ text: String, audiences: [String], method: String, keys: KeySource, at now: Timestamp
    ) throws(ATProtoError) -> ServiceAuthToken {
        let jws = try CompactJWS(text)
        guard !refusedTypes.contains(where: { jws.type.isExactly($0) }) else {
            throw ATProtoError("BadJwtType", "the token's `typ` is that of another kind of token")
        }
        let issuer = try jws.issuerDID()
        let (expiry, id) = (try jws.seconds("exp"), try jws.id())
        try UnixTime.requireUnexpired(expiry, at: now)
        if let issued = try jws.optionalSeconds("iat") {
            try UnixTime.requireIssued(issued, at: now)
            try UnixTime.requireOrder(issued, expiry)
        }
        try jws.requireBegun(at: now)
        guard expiry <= UnixTime.second(of: now) + maximumLifetime + UnixTime.skew else {
            throw .badJWT("the token expires more than \(maximumLifetime) seconds from now")
        }
        let audience = try jws.text("aud", orThrow: "BadJwtAudience")
        guard audiences.contains(where: audience.isExactly) else {
            throw ATProtoError("BadJwtAudience", "the token's `aud` is another service")
        }
        guard jws.claims["lxm"]?.string.isExactly(method) == true else {
            throw ATProtoError("BadJwtLexiconMethod", "the token's `lxm` is another method")
        }
        try jws.verify(issuer: issuer, keyID: KeyID.account, keys: keys, form: .low)
        return ServiceAuthToken(issuer: issuer, audience: audience, method: method, id: id, expiresAt: expiry)
    }

    /// Reads whom a token claims to be for, to find the identifiers that are accepted; nothing is verified.
    public static func unverifiedAudience(_ text: String) -> String? { (try? CompactJWS(text))?.claims["aud"]?.string }

    /// What to consume once everything else has been verified.
    public var use: TokenUse { TokenUse(.serviceAuth, issuer: issuer, id: id, lastSecond: expiresAt) }
}
