import Multiformats
package import UCAN

/// A token this host authenticates by itself: the access or the refresh half of a session (HS256, RFC 7519).
package struct SessionToken: Hashable, Sendable {
    package enum Kind: Sendable {
        /// Used at every call; `typ` `at+jwt`.
        case access
        /// Used once for a new pair; `typ` `refresh+jwt`.
        case refresh

        var type: String { self == .access ? "at+jwt" : "refresh+jwt" }
    }

    package let kind: Kind
    /// The account.
    package let subject: String
    /// The service it was made for.
    package let audience: String
    package let session: String
    /// Names a refresh token, of which each is good once; nil in access tokens.
    package let id: String?
    /// True when the session was begun with an app password.
    package let isAppPassword: Bool
    package let issuedAt: Timestamp
    package let expires: Timestamp

    private var scope: String {
        switch kind {
        case .refresh: "com.atproto.refresh"
        case .access: isAppPassword ? "com.atproto.appPass" : "com.atproto.access"
        }
    }

    package func signed(_ secret: [UInt8]) -> String {
        var header = JSONWriter()
        header.beginObject()
        header.key(plain: "typ")
        header.string(kind.type)
        header.key(plain: "alg")
        header.string("HS256")
        header.endObject()
        var payload = JSONWriter()
        payload.beginObject()
        for (name, value) in [("scope", scope), ("sub", subject), ("aud", audience), ("sid", session)] {
            payload.key(name)
            payload.string(value)
        }
        if let id {
            payload.key(plain: "jti")
            payload.string(id)
        }
        payload.key(plain: "app")
        payload.bool(isAppPassword)
        payload.key(plain: "iat")
        payload.int(issuedAt.microseconds / 1_000_000)
        payload.key(plain: "exp")
        payload.int(expires.microseconds / 1_000_000)
        payload.endObject()
        let input = Base64URL.encode(header.bytes) + "." + Base64URL.encode(payload.bytes)
        return input + "." + Base64URL.encode(HMACSHA256.tag(Array(input.utf8), key: secret))
    }

    /// Reads a token made by `signed` with the same secret; the tag is tested before anything is read.
    ///
    /// Throws `invalidToken`, or `expiredToken` from the second in which it expires.
    package init(_ text: String, kind: Kind, secret: [UInt8], at now: Timestamp) throws(IdentityError) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= 4096, parts.count == 3, let tag = Base64URL.decode(parts[2]),
            HMACSHA256.isTag(tag, of: Array(text.utf8.dropLast(parts[2].count + 1)), key: secret)
        else { throw Self.invalid }
        guard let header = Self.json(parts[0]), let payload = Self.json(parts[1]),
            header["typ"] == .string(kind.type), header["alg"] == "HS256",
            let subject = payload["sub"]?.string, let audience = payload["aud"]?.string,
            let session = payload["sid"]?.string, let isAppPassword = payload["app"]?.bool,
            let issuedAt = payload["iat"]?.number?.int64, let expires = payload["exp"]?.number?.int64
        else { throw Self.invalid }
        self.kind = kind
        self.subject = subject
        self.audience = audience
        self.session = session
        self.isAppPassword = isAppPassword
        id = payload["jti"]?.string
        self.issuedAt = Timestamp(seconds: issuedAt)
        self.expires = Timestamp(seconds: expires)
        guard payload["scope"] == .string(scope), (id != nil) == (kind == .refresh) else { throw Self.invalid }
        guard now < self.expires else { throw IdentityError(.expiredToken, "the token has expired") }
    }

    init(
        kind: Kind, subject: String, audience: String, session: String, id: String?, isAppPassword: Bool,
        issuedAt: Timestamp, expires: Timestamp
    ) {
        self.kind = kind
        self.subject = subject
        self.audience = audience
        self.session = session
        self.id = id
        self.isAppPassword = isAppPassword
        self.issuedAt = issuedAt
        self.expires = expires
    }

    static let invalid = IdentityError(.invalidToken, "the token is not one of this service")

    private static func json(_ part: Substring.UTF8View) -> JSON? {
        guard let bytes = Base64URL.decode(part) else { return nil }
        return try? JSON.parse(bytes)
    }
}

/// The two halves a client is given.
package struct SessionTokens: Sendable {
    package let access: String
    package let refresh: String
}
