import Multiformats
public import UCAN

/// Holds a verified token of profile X: unbound, so whoever has seen it may use it (section 4.9).
///
/// Nothing here is reached unless it is asked for by its own name, so that a host can do without it.
public struct LegacyToken: Hashable, Sendable {
    public static let credentialType = "space_credential"
    /// Seconds from issue to expiry.
    public static let grantLifetime: Int64 = 300
    public static let credentialLifetime: Int64 = 14_400
    public static let unboundLifetime: Int64 = 7200

    public enum Form: String, Hashable, Sendable, CaseIterable {
        /// A member's grant, exchanged for a credential.
        case grant
        /// A credential as `Bearer` of type `space_credential`.
        case credential
        /// The same in `X-Space-Credential`, of any type.
        case header
        /// A credential of today's type without `cnf`, as `Bearer`.
        case unbound
    }

    public let form: Form
    /// The DID that signed; the authority of the space. For a grant the server itself, and then empty.
    public let issuer: String
    /// The member's DID; nil for `unbound`, which names no reader.
    public let member: String?
    public let space: SpaceURI
    /// Its `jti`, where it has one.
    public let id: String?
    /// Unix seconds.
    public let expiresAt: Int64

    /// Makes a member's grant of 300 seconds under the server's 32-byte token key.
    public static func makeGrant(member: String, space: SpaceURI, secret: [UInt8], at now: Timestamp) -> String {
        JWSMaker.make(
            type: "JWT", claims: claims(member: member, space: space, lifetime: grantLifetime, at: now),
            secret: secret)
    }

    /// Makes a credential that names its member with the space's key; of 4 hours, unless told otherwise.
    ///
    /// Old releases gave none a `jti`, without which two made in one second are one.
    public static func makeCredential(
        member: String, space: SpaceURI, key: PrivateKey, lifetime: Int64 = credentialLifetime, at now: Timestamp,
        id: String? = nil
    ) throws(ATProtoError) -> String {
        var claims = claims(member: member, space: space, lifetime: lifetime, at: now)
        if let id { claims.append(("jti", .string(id))) }
        return try JWSMaker.make(
            type: credentialType, claims: [("iss", .string(space.authority))] + claims, key: key)
    }

    /// Makes a credential of today's type that is bound to no key.
    public static func makeUnbound(
        space: SpaceURI, keyID: String, key: PrivateKey, lifetime: Int64 = unboundLifetime, at now: Timestamp,
        id: String = TokenID.random()
    ) throws(ATProtoError) -> String {
        let second = UnixTime.second(of: now)
        return try JWSMaker.make(
            type: SpaceCredential.type, keyID: keyID,
            claims: [
                ("iss", .string(space.authority)), ("sub", .string(space.text)),
                ("iat", .number(JSONNumber(second))), ("exp", .number(JSONNumber(second + lifetime))),
                ("jti", .string(id)),
            ], key: key)
    }

    /// Verifies a member's grant: exactly HS256, and no allowance for clocks, since one server made and reads it.
    ///
    /// Throws `InvalidDelegationToken`.
    public static func verifyGrant(
        _ text: String, secret: [UInt8], at now: Timestamp
    ) throws(ATProtoError) -> LegacyToken {
        let error = ATProtoError("InvalidDelegationToken", "the grant is not sound, or has expired")
        guard let jws = try? CompactJWS(text), jws.algorithm.isExactly("HS256"),
            HMACSHA256.isEqual(jws.signature, HMACSHA256.code(of: jws.signedBytes, key: secret)),
            let (member, space) = readership(jws), let (issued, expiry) = try? jws.times(),
            issued < expiry, expiry - issued <= grantLifetime, UnixTime.second(of: now) < expiry
        else { throw error }
        return LegacyToken(form: .grant, issuer: "", member: member, space: space, id: nil, expiresAt: expiry)
    }

    /// Verifies a credential of one of the other forms; `keys` is asked for the key of the space's authority.
    ///
    /// Throws the error names of section 4. A credential that has a `cnf` is refused with `BadJwtCnf` in every form.
    public static func verify(
        _ text: String, form: Form, keys: KeySource, at now: Timestamp
    ) throws(ATProtoError) -> LegacyToken {
        let jws = try CompactJWS(text)
        guard jws.claims["cnf"] == nil else {
            throw ATProtoError("BadJwtCnf", "a credential bound to a key is presented with a proof of it")
        }
        let issuer = try jws.issuerDID()
        let (issued, expiry) = try jws.times()
        let (member, space, lifetime, keyID): (String?, SpaceURI, Int64, String)
        switch form {
        case .grant: throw ATProtoError("BadJwtType", "a grant is no credential")
        case .unbound:
            try jws.require(type: SpaceCredential.type)
            (member, space, lifetime) = (nil, try jws.spaceSubject(), unboundLifetime)
            keyID = try jws.spaceKeyID()
            _ = try jws.id()
        case .credential, .header:
            if form == .credential { try jws.require(type: credentialType) }
            guard let read = readership(jws) else {
                throw ATProtoError("BadJwtSub", "the credential names no member, space and scope")
            }
            (member, space, lifetime, keyID) = (read.member, read.space, credentialLifetime, KeyID.space)
        }
        try UnixTime.requireUnexpired(expiry, at: now)
        try UnixTime.requireIssued(issued, at: now)
        try UnixTime.requireOrder(issued, expiry)
        guard expiry - issued <= lifetime else { throw .badJWT("the credential lives longer than \(lifetime) seconds") }
        guard issuer == space.authority else {
            throw ATProtoError("BadJwtIss", "the issuer is not the authority of the space")
        }
        try jws.verify(issuer: issuer, keyID: keyID, keys: keys, form: .low)
        return LegacyToken(
            form: form, issuer: issuer, member: member, space: space, id: try? jws.id(), expiresAt: expiry)
    }

    private static func claims(
        member: String, space: SpaceURI, lifetime: Int64, at now: Timestamp
    ) -> [JSONObject.Member] {
        let second = UnixTime.second(of: now)
        return [
            ("sub", .string(member)), ("space", .string("ats://\(space.authority)/\(space.type)/\(space.skey)")),
            ("scope", "read"), ("iat", .number(JSONNumber(second))), ("exp", .number(JSONNumber(second + lifetime))),
        ]
    }

    private static func readership(_ jws: CompactJWS) -> (member: String, space: SpaceURI)? {
        guard let member = jws.claims["sub"]?.string, ATProtoDID.isValid(member),
            let name = jws.claims["space"]?.string, let space = try? SpaceURI(accepting: name),
            jws.claims["scope"]?.string.isExactly("read") == true
        else { return nil }
        return (member, space)
    }
}
