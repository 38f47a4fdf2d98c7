import Multiformats
public import UCAN

/// Holds a verified attestation: a client's word that it is the one that asks (section 4.2).
public struct ClientAttestation: Hashable, Sendable {
    public static let type = "atproto-client-attestation+jwt"
    /// Seconds from issue to expiry of what is made here.
    public static let lifetime: Int64 = 60
    /// Longest lifetime that is accepted, in seconds.
    public static let maximumLifetime: Int64 = 300
    /// Longest client id that is taken, in bytes.
    public static let maximumClientIDLength = 2048

    /// The URL of the client's metadata, to be compared as it stands.
    public let clientID: String
    /// Its `jti`.
    public let id: String
    /// Unix seconds.
    public let expiresAt: Int64

    /// Signs an attestation of 60 seconds with a key of the client's set.
    public static func make(
        clientID: String, keyID: String, space: SpaceURI, key: PrivateKey, at now: Timestamp,
        id: String = TokenID.random()
    ) throws(ATProtoError) -> String {
        let second = UnixTime.second(of: now)
        return try JWSMaker.make(
            type: type, keyID: keyID,
            claims: [
                ("iss", .string(clientID)), ("sub", .string(clientID)),
                ("aud", .string(DelegationToken.audience(of: space))), ("iat", .number(JSONNumber(second))),
                ("exp", .number(JSONNumber(second + lifetime))), ("jti", .string(id)),
            ], key: key)
    }

    /// Reads who an attestation claims to be of, to fetch that client's keys; nothing is verified.
    public static func unverifiedClientID(_ text: String) throws(ATProtoError) -> String {
        try refusing { () throws(ATProtoError) in try clientID(of: CompactJWS(text)) }
    }

    /// Verifies an attestation against the keys of the client it names; throws `InvalidClientAttestation`.
    ///
    /// `keys` gives the client's published set, and what it throws is thrown. The caller consumes `use` last.
    public static func verify(
        _ text: String, space: SpaceURI, keys: (_ clientID: String) throws(ATProtoError) -> JWKSet, at now: Timestamp
    ) throws(ATProtoError) -> ClientAttestation {
        let (jws, keyID, attestation) = try refusing { () throws(ATProtoError) in
            let jws = try CompactJWS(text)
            try jws.require(type: type)
            let client = try clientID(of: jws)
            guard let keyID = jws.header["kid"]?.string else { throw .badJWT("the header names no key in `kid`") }
            let ((issued, expiry), id) = (try jws.times(), try jws.id())
            try UnixTime.requireUnexpired(expiry, at: now)
            try UnixTime.requireIssued(issued, at: now)
            try jws.requireBegun(at: now)
            try UnixTime.requireOrder(issued, expiry)
            guard expiry - issued <= maximumLifetime else {
                throw .badJWT("the attestation lives longer than \(maximumLifetime) seconds")
            }
            guard jws.claims["aud"]?.string.isExactly(DelegationToken.audience(of: space)) == true else {
                throw .badJWT("the attestation's `aud` is not the host of the space")
            }
            return (jws, keyID, ClientAttestation(clientID: client, id: id, expiresAt: expiry))
        }
        let published = try keys(attestation.clientID)
        return try refusing { () throws(ATProtoError) in
            guard let key = published.key(keyID) else { throw .badJWT("the client publishes no key of this id") }
            try jws.verify(key: key, form: .any)
            return attestation
        }
    }

    /// What to consume once everything else has been verified.
    public var use: TokenUse { TokenUse(.attestation, issuer: clientID, id: id, lastSecond: expiresAt) }

    private static func clientID(of jws: CompactJWS) throws(ATProtoError) -> String {
        let client = try jws.text("iss", orThrow: "BadJwtIss")
        guard client.utf8.count <= maximumClientIDLength, client.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .badJWT("the attestation's `iss` is no client id")
        }
        guard jws.claims["sub"]?.string.isExactly(client) == true else {
            throw .badJWT("the attestation's `iss` and `sub` differ")
        }
        return client
    }

    private static func refusing<Value>(
        _ body: () throws(ATProtoError) -> Value
    ) throws(ATProtoError) -> Value {
        do throws(ATProtoError) {
            return try body()
        } catch {
            throw ATProtoError("InvalidClientAttestation", error.message)
        }
    }
}
