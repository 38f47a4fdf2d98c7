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

    /// Makes a credential of 4 hours with the space's P-256 key.
    public static func makeCredential(
        member: String, space: SpaceURI, key: PrivateKey, at now: Timestamp
    ) throws(ATProtoError) -> String {
        let claims = claims(member: member, space: space, lifetime: credentialLifetime, at: now)
        return try JWSMaker.make(
            type: credentialType, claims: [("iss", .string(space.authority))] + claims, key: key)
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
            let (member, space) = readership(jws), let expiry = try? jws.seconds("exp"),
            let issued = try? jws.seconds("iat"), expiry - issued <= grantLifetime,
            UnixTime.second(of: now) < expiry
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
        let (issued, expiry) = (try jws.seconds("iat"), try jws.seconds("exp"))
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
