import Multiformats
public import UCAN

/// Holds a verified OAuth access token of a configured issuer, bound to a key (RFC 9068 and RFC 9449).
public struct OAuthAccessToken: Hashable, Sendable {
    /// Longest scope text that is taken, in bytes.
    public static let maximumScopeLength = SpaceScopes.maximumLength

    public let issuer: String
    /// The account's DID.
    public let subject: String
    public let audience: String
    public let clientID: String?
    /// Blank-separated.
    public let scope: String
    /// `cnf.jkt`: the thumbprint of the key every request must prove to have.
    public let thumbprint: String
    /// Its `jti`, where it has one.
    public let id: String?
    /// Unix seconds.
    public let expiresAt: Int64

    /// Reads which issuer a token claims, to fetch its keys; nothing is verified. Throws `InvalidToken`.
    public static func unverifiedIssuer(_ text: String) throws(ATProtoError) -> String {
        guard let jws = try? CompactJWS(text), let issuer = jws.claims["iss"]?.string, !issuer.isEmpty else {
            throw invalid("the token names no issuer")
        }
        return issuer
    }

    /// Verifies a token; `keys` gives the set of a trusted issuer and nil for any other.
    ///
    /// Throws `ExpiredToken`, `InvalidToken`, or what `keys` throws. The request is then verified by
    /// `DPoPProof.verify` with this text as its access token, and `require(thumbprint:)`.
    public static func verify(
        _ text: String, audiences: [String], keys: (_ issuer: String) throws(ATProtoError) -> JWKSet?,
        at now: Timestamp
    ) throws(ATProtoError) -> OAuthAccessToken {
        guard let jws = try? CompactJWS(text), let type = jws.type,
            ["at+jwt", "application/at+jwt"].contains(where: type.isExactly)
        else { throw invalid("the token is no JWT of type `at+jwt`") }
        guard let issuer = jws.claims["iss"]?.string, let set = try keys(issuer) else {
            throw invalid("the token's issuer is not trusted here")
        }
        guard let key = key(named: jws.header["kid"]?.string, in: set), (try? jws.verify(key: key, form: .any)) != nil
        else { throw invalid("the signature is not that of a key of the issuer") }
        guard let (issued, expiry) = try? jws.times(), issued < expiry,
            let audience = audience(jws.claims["aud"], among: audiences),
            let subject = jws.claims["sub"]?.string, ATProtoDID.isValid(subject),
            let thumbprint = jws.claims["cnf"]?["jkt"]?.string, JWKThumbprint.isValid(thumbprint)
        else {
            throw invalid("the token lacks times in order, a DID, this service as audience, or the key it is bound to")
        }
        let scope = jws.claims["scope"]?.string ?? ""
        guard scope.utf8.count <= maximumScopeLength else { throw invalid("the token's scopes are too long") }
        let second = UnixTime.second(of: now)
        guard issued <= second + UnixTime.skew else { throw invalid("the token was issued in the future") }
        guard (try? jws.requireBegun(at: now)) != nil else { throw invalid("the token is not yet valid") }
        guard second - UnixTime.skew < expiry else { throw ATProtoError("ExpiredToken", "the token has expired") }
        return OAuthAccessToken(
            issuer: issuer, subject: subject, audience: audience, clientID: jws.claims["client_id"]?.string,
            scope: scope, thumbprint: thumbprint, id: try? jws.id(), expiresAt: expiry)
    }

    /// The key of the header's `kid`; without one, the only key of the set.
    private static func key(named id: String?, in set: JWKSet) -> PublicKey? {
        guard let id else { return set.entries.count == 1 ? set.entries[0].key : nil }
        return set.key(id)
    }

    /// Finds one of our identifiers in `aud`, which is a text or a list of texts.
    private static func audience(_ claim: JSON?, among audiences: [String]) -> String? {
        let named = claim?.array?.prefix(16).compactMap(\.string) ?? [claim?.string].compactMap { $0 }
        return audiences.first { wanted in named.contains { $0.isExactly(wanted) } }
    }

    private static func invalid(_ message: String) -> ATProtoError { ATProtoError("InvalidToken", message) }
}
