import ATProto
import UCAN

/// The two halves a client is given.
package struct SessionTokens: Sendable {
    package let access: String
    package let refresh: String
}

/// What a session's tokens say: the session in both, and the one use of a refresh token beside it.
struct SessionClaims: Sendable {
    static let main = "com.atproto.access"
    static let appPassword = "com.atproto.appPass"
    static let refresh = "com.atproto.refresh"

    let did: DID
    let session: String
    /// Names a refresh token, of which each is good once; nil in access tokens.
    let refreshID: String?
    let isAppPassword: Bool

    /// Reads a token whose tag was tested; the `jti` is `<session>`, or `<session>.<refresh id>`.
    init(_ token: SessionToken) throws(IdentityError) {
        let parts = token.id.split(separator: ".", omittingEmptySubsequences: false)
        let scopes = token.scope.split(separator: " ")
        guard let did = try? DID(token.subject), parts.count == (token.kind == .refresh ? 2 : 1) else {
            throw IdentityError(.invalidToken, "the token is not one of this service")
        }
        self.did = did
        session = String(parts[0])
        refreshID = parts.count == 2 ? String(parts[1]) : nil
        isAppPassword = scopes.contains { $0.utf8.elementsEqual(Self.appPassword.utf8) }
    }

    /// Makes both tokens of a session.
    static func tokens(
        did: DID, session: String, refreshID: String, isAppPassword: Bool, audience: String,
        secret: SessionToken.Secret,
        at now: Timestamp
    ) -> SessionTokens {
        let access = SessionToken(
            kind: .access, subject: did.text, audience: audience, scope: isAppPassword ? appPassword : main,
            issuedAt: now, lifetime: NewSession.accessLifetime, id: session)
        let refresh = SessionToken(
            kind: .refresh, subject: did.text, audience: audience,
            scope: isAppPassword ? "\(refresh) \(appPassword)" : refresh, issuedAt: now,
            lifetime: NewSession.refreshLifetime, id: "\(session).\(refreshID)")
        return SessionTokens(access: access.signed(with: secret), refresh: refresh.signed(with: secret))
    }
}
