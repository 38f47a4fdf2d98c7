import Multiformats
public import UCAN

/// Holds a verified session token of an account hosted here: HS256 under the server's secret.
public struct SessionToken: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case access
        case refresh

        public var type: String {
            switch self {
            case .access: "at+jwt"
            case .refresh: "refresh+jwt"
            }
        }
    }

    /// The server's secret: at least 32 unpredictable bytes.
    public struct Secret: Sendable {
        let bytes: [UInt8]

        /// nil for fewer than 32 bytes.
        public init?(_ bytes: [UInt8]) {
            guard bytes.count >= 32 else { return nil }
            self.bytes = bytes
        }
    }

    public let kind: Kind
    /// The account's DID, `sub`.
    public let subject: String
    /// The service the session is at, `aud`.
    public let audience: String
    /// Blank-separated, such as `com.atproto.access`.
    public let scope: String
    /// Its `jti`.
    public let id: String
    /// Unix seconds.
    public let issuedAt: Int64
    public let expiresAt: Int64

    public init(
        kind: Kind, subject: String, audience: String, scope: String, issuedAt: Timestamp, lifetime: Int64,
        id: String = TokenID.random()
    ) {
        self.kind = kind
        self.subject = subject
        self.audience = audience
        self.scope = scope
        self.id = id
        self.issuedAt = UnixTime.second(of: issuedAt)
        expiresAt = self.issuedAt + lifetime
    }

    /// Gives the token as a JWT.
    public func signed(with secret: Secret) -> String {
        JWSMaker.make(
            type: kind.type,
            claims: [
                ("scope", .string(scope)), ("aud", .string(audience)), ("sub", .string(subject)),
                ("iat", .number(JSONNumber(issuedAt))), ("exp", .number(JSONNumber(expiresAt))), ("jti", .string(id)),
            ], secret: secret.bytes)
    }

    /// Verifies a token of one kind; whether its session still exists is for the caller to ask.
    ///
    /// Throws `ExpiredToken` for one that was sound, on which clients refresh, and `InvalidToken` for any other. Both
    /// times are of one clock, so no skew is allowed for.
    public static func verify(
        _ text: String, kind: Kind, audience: String, secret: Secret, at now: Timestamp
    ) throws(ATProtoError) -> SessionToken {
        guard let jws = try? CompactJWS(text), jws.algorithm.isExactly("HS256"),
            HMACSHA256.isEqual(jws.signature, HMACSHA256.code(of: jws.signedBytes, key: secret.bytes)),
            jws.type.isExactly(kind.type), jws.claims["aud"]?.string.isExactly(audience) == true,
            let subject = jws.claims["sub"]?.string, ATProtoDID.isValid(subject),
            let scope = jws.claims["scope"]?.string, let (issued, expiry) = try? jws.times(),
            issued < expiry,
            let id = try? jws.id()
        else { throw ATProtoError("InvalidToken", "the token is no \(kind.rawValue) token of this service") }
        guard UnixTime.second(of: now) < expiry else { throw ATProtoError("ExpiredToken", "the token has expired") }
        return SessionToken(
            kind: kind, subject: subject, audience: audience, scope: scope,
            issuedAt: Timestamp(seconds: issued), lifetime: expiry - issued, id: id)
    }
}
