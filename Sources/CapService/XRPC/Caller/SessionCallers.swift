import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import UCAN

extension XRPCCall {
    /// The session that makes a call of the account routes; throws `AuthMissing` for any other credential, and the names
    /// that clients refresh on.
    func session() throws -> Accounts.LiveSession {
        guard case .session(let token) = try presented() else {
            throw XRPCError("AuthMissing", "a session token is missing")
        }
        do {
            return try service.accounts.session(access: token, at: now)
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    /// The caller of a session token of an account here; throws `BadJwt` and `AccountTakedown`, both 401, and
    /// `ExpiredToken` with 400, at which clients of the protocol take a new one.
    func sessionCaller(_ token: String) throws -> Caller {
        let live: Accounts.LiveSession
        do {
            live = try service.accounts.session(access: token, at: now)
        } catch let error as IdentityError {
            switch error.code {
            case .invalidToken: throw XRPCError("BadJwt", error.message, challenge: "Bearer")
            default: throw XRPCError(error)
            }
        }
        return .account(
            live.account.did, session: try DID(session: live.id), grant: live.isAppPassword ? .appPassword : .full)
    }
}

extension XRPCCall {
    /// The caller of an access token of the configured issuer, with a proof of the key it is bound to (RFC 9449).
    ///
    /// Throws `InvalidToken` and `ExpiredToken`, here 401, and the names of 4.5. What the token's scopes do not cover the
    /// gate refuses; those of the protocol's transition cover nothing in spaces.
    func oauthCaller(_ text: String) throws -> Caller {
        try willWait()
        let token = try verifiedAccessToken(text)
        let request = try DPoPProof.Request(
            method: self.request.method.name, url: url(), accessToken: text)
        let proof = try DPoPProof.verify(fields.proof, for: request, at: now)
        try proof.require(thumbprint: token.thumbprint)
        guard let client = token.clientID else { throw Self.refused("InvalidToken", "the token names no client") }
        let subject = try DID(token.subject)
        let session: DID
        do {
            session = try service.accounts.session(
                of: OAuthGrant(
                    issuer: token.issuer, clientID: client, subject: subject, thumbprint: token.thumbprint), at: now)
        } catch let error as IdentityError where error.code == .invalidToken {
            throw Self.refused("InvalidToken", error.message)
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
        try consume(proof.use, of: subject)
        // Read by the declarations of this moment, so that what an update takes away is gone at once.
        let scopes = SpaceScopes(
            parsing: token.scope, for: token.subject, under: service.lexicons.current.declarations)
        return .account(
            subject, session: session,
            grant: .oauth(
                scopes: scopes.scopes, clientID: client, blobs: BlobScopes(parsing: token.scope),
                calls: RPCScopes(parsing: token.scope)))
    }

    /// Verifies with the keys the issuer publishes; when they do not fit they are asked for anew, once.
    private func verifiedAccessToken(_ text: String) throws -> OAuthAccessToken {
        guard let issuer = service.settings.oauthIssuer else {
            throw Self.refused("InvalidToken", "no OAuth issuer is trusted here")
        }
        let audiences = [try service.address.url(), try service.address.serviceDID()]
        func verify(_ set: JWKSet) throws(ATProtoError) -> OAuthAccessToken {
            try OAuthAccessToken.verify(
                text, audiences: audiences, keys: { UTF8Bytes.equal($0, issuer) ? set : nil }, at: now)
        }
        // A token of anybody else fetches nothing.
        guard let claimed = try? OAuthAccessToken.unverifiedIssuer(text), UTF8Bytes.equal(claimed, issuer) else {
            throw Self.refused("InvalidToken", "the token's issuer is not trusted here")
        }
        let known = try keys(of: issuer, .remembered)
        do throws(ATProtoError) {
            return try verify(known)
        } catch {
            guard error.name == "InvalidToken", let new = try? keys(of: issuer, .new), new.entries != known.entries,
                let token = try? verify(new)
            else { throw Self.refused(error.name, error.message) }
            return token
        }
    }

    /// The key set that the issuer's metadata points to (RFC 8414).
    private func keys(of issuer: String, _ freshness: IdentityResolver.Freshness) throws -> JWKSet {
        do throws(ResolutionError) {
            let place = issuer + "/.well-known/oauth-authorization-server"
            let metadata = try service.documents.object(at: place, freshness)
            guard let name = metadata["issuer"]?.string, UTF8Bytes.equal(name, issuer),
                let keys = metadata["jwks_uri"]?.string
            else { throw ResolutionError(.malformed, "`\(place)` is not the metadata of the issuer") }
            return try service.documents.keySet(at: keys, freshness)
        } catch {
            throw XRPCError("UpstreamFailure", "the keys of the issuer cannot be had", detail: error.message)
        }
    }

    private static func refused(_ name: String, _ message: String) -> XRPCError {
        XRPCError(name, message, status: 401, challenge: "DPoP error=\"invalid_token\"")
    }
}
