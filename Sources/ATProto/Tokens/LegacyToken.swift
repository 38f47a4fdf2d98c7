import Multiformats
public import UCAN

/// Holds a verified token of profile X: unbound, so whoever has seen it may use it (section 4.9).
///
/// Nothing here is reached unless it is asked for by its own name, so that a host can do without it.
public struct LegacyToken: Hashable, Sendable {
    public static let credentialType = "space_credential"
    /// Seconds from issue to expiry.
    public static let credentialLifetime: Int64 = 14_400
    public static let unboundLifetime: Int64 = 7200

    public enum Form: String, Hashable, Sendable, CaseIterable {
        /// A credential as `Bearer` of type `space_credential`.
        case credential
        /// The same in `X-Space-Credential`, of any type.
        case header
        /// A credential of today's type without `cnf`, as `Bearer`.
        case unbound
    }

    public let form: Form
    /// The DID that signed; the authority of the space.
    public let issuer: String
    /// The member's DID; nil for `unbound`, which names no reader.
    public let member: String?
    public let space: SpaceURI
    /// Its `jti`, where it has one.
    public let id: String?
    /// Unix seconds.
    public let expiresAt: Int64

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

    /// Verifies a credential of one of these forms; `keys` is asked for the key of the space's authority.
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
        try jws.requireBegun(at: now)
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
