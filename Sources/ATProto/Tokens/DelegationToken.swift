import Multiformats
public import UCAN

/// Holds a verified delegation token: a user's word to a space's authority that an app acts for them (section 4.1).
///
/// It says nothing about membership.
public struct DelegationToken: Hashable, Sendable {
    public static let type = "atproto-space-delegation+jwt"
    /// Seconds from issue to expiry of the tokens made here.
    public static let lifetime: Int64 = 60
    /// Longest lifetime that is accepted, in seconds.
    public static let maximumLifetime: Int64 = 300

    /// The user's DID.
    public let issuer: String
    public let space: SpaceURI
    /// Its `jti`.
    public let id: String
    /// Unix seconds.
    public let issuedAt: Int64
    public let expiresAt: Int64
    /// `#atproto` or `#atproto_space`.
    public let keyID: String
    public let text: String

    /// Signs a token of 60 seconds with the user's `#atproto` key; throws `InvalidRequest` for an issuer that is no DID.
    public static func make(
        issuer: String, space: SpaceURI, key: PrivateKey, at now: Timestamp, id: String = TokenID.random()
    ) throws(ATProtoError) -> DelegationToken {
        guard ATProtoDID.isValid(issuer) else { throw .invalidRequest("the issuer is no DID") }
        let second = UnixTime.second(of: now)
        let text = try JWSMaker.make(
            type: type, keyID: KeyID.account,
            claims: [
                ("iss", .string(issuer)), ("sub", .string(space.text)), ("aud", .string(audience(of: space))),
                ("iat", .number(JSONNumber(second))), ("exp", .number(JSONNumber(second + lifetime))),
                ("jti", .string(id)),
            ], key: key)
        return DelegationToken(
            issuer: issuer, space: space, id: id, issuedAt: second, expiresAt: second + lifetime,
            keyID: KeyID.account, text: text)
    }

    /// Verifies in the order of section 4.1, up to the signature; throws the error names of section 4.
    ///
    /// The caller then verifies the binding proof (`BindingProof`), and after that consumes `use`.
    public static func verify(
        _ text: String, keys: KeySource, at now: Timestamp
    ) throws(ATProtoError) -> DelegationToken {
        let jws = try CompactJWS(text)
        try jws.require(type: type)
        let keyID = try jws.spaceKeyID()
        let ((issued, expiry), id) = (try jws.times(), try jws.id())
        guard jws.claims["lxm"] == nil else { throw .badJWT("a delegation token has no `lxm`") }
        guard jws.claims["cnf"] == nil else { throw ATProtoError("BadJwtCnf", "a delegation token has no `cnf`") }
        try UnixTime.requireUnexpired(expiry, at: now)
        try UnixTime.requireIssued(issued, at: now)
        try jws.requireBegun(at: now)
        try UnixTime.requireOrder(issued, expiry)
        guard expiry - issued <= maximumLifetime else {
            throw .badJWT("the token lives longer than \(maximumLifetime) seconds")
        }
        let space = try jws.spaceSubject()
        guard jws.claims["aud"]?.string.isExactly(audience(of: space)) == true else {
            throw ATProtoError("BadJwtAudience", "the token's `aud` is not the host of its space")
        }
        let issuer = try jws.issuerDID()
        try jws.verify(issuer: issuer, keyID: keyID, keys: keys, form: .low)
        return DelegationToken(
            issuer: issuer, space: space, id: id, issuedAt: issued, expiresAt: expiry, keyID: keyID, text: text)
    }

    /// Throws `InvalidDelegationToken` when the request names another space.
    public func require(space wanted: SpaceURI) throws(ATProtoError) {
        guard space == wanted else {
            throw ATProtoError("InvalidDelegationToken", "the delegation token is for another space")
        }
    }

    /// What to consume once everything else has been verified.
    public var use: TokenUse { TokenUse(.delegation, issuer: issuer, id: id, lastSecond: expiresAt) }

    /// The one `aud` of tokens for a space.
    static func audience(of space: SpaceURI) -> String { space.authority + ServiceID.spaceHost }
}
