import ATProto
import CapabilityGraph
import Multiformats
import Storage
package import UCAN

extension Accounts {
    /// A session that may act now.
    package struct LiveSession: Hashable, Sendable {
        package let account: Account
        package let id: String
        /// True when it was begun with an app password.
        package let isAppPassword: Bool
    }

    /// Begins a session with the main password or an app password.
    ///
    /// An unknown name, a wrong password and a right one take the same time; the first two throw the same
    /// `authenticationRequired`. Throws `accountTakedown` for an account that was taken down.
    package func login(
        _ name: SignInName, password: String, at now: Timestamp
    ) throws -> (LiveSession, SessionTokens) {
        let found = try find(name)
        let isMain = try passwords.check(password, found?.hash)
        let appPassword = try found.flatMap { try self.appPassword(password, of: $0.account.did) }
        guard let account = found?.account, isMain || appPassword != nil else {
            throw IdentityError(.authenticationRequired, "the identifier or the password is wrong")
        }
        try account.requireStanding()
        let session = try NewSession(of: account.did, appPassword: isMain ? nil : appPassword, at: now)
        try store.transact(at: now) { transaction in
            try Self.sweep(account.did, in: transaction)
            if let name = session.appPassword {
                // It may have been revoked since it was tested.
                guard
                    try transaction.exists(
                        AppPasswordTable.self,
                        where: [AppPasswordTable.did.is(account.did.text), AppPasswordTable.name.is(name)])
                else { throw IdentityError(.authenticationRequired, "the identifier or the password is wrong") }
            }
            try session.open(in: transaction)
        }
        let live = LiveSession(account: account, id: session.id, isAppPassword: session.appPassword != nil)
        return (live, tokens(for: session, at: now))
    }

    /// Tests an access token: the tag, the expiry, and that the graph still lets its session act.
    package func session(access token: String, at now: Timestamp) throws -> LiveSession {
        try live(accessClaims(of: token, at: now), .access, at: now)
    }

    /// Exchanges a refresh token for a new pair, once. A token that comes again within the grace period gets the same pair:
    /// the first answer was lost, or two windows of one client asked at once. Later it ends its session: somebody else has
    /// it too.
    package func refresh(_ token: String, at now: Timestamp) throws -> (LiveSession, SessionTokens) {
        let claims = try claims(token, .refresh, at: now)
        let live = try live(claims, .refresh, at: now)
        let fresh = try SecureRandom.identifier()
        let answer = try store.transact(at: now) { transaction -> (refreshID: String, at: Timestamp)? in
            guard let row = try Self.row(claims.session, in: transaction),
                transaction.graph.check(try Self.question(claims), at: now).isAllowed
            else { throw Self.revoked }
            switch row.refresh.standing(of: claims.refreshID ?? "", grace: self.refreshGrace, at: now) {
            case .answered(let next, let then): return (next, then)
            case .spent:
                try Self.end(row, reason: "a refresh token was used twice", in: transaction)
                return nil
            case .current: break
            }
            var chain = row.refresh
            chain.exchange(for: fresh, grace: self.refreshGrace, at: now)
            let expires = now.adding(seconds: NewSession.refreshLifetime)
            try transaction.update(
                SessionTable.self,
                [SessionTable.refresh.to(chain.stored), SessionTable.expiresAt.to(expires.microseconds)],
                where: [SessionTable.id.is(row.id)])
            if row.edgeExpires < expires.microseconds { try Self.renewEdge(of: row, claims.did, in: transaction) }
            return (fresh, now)
        }
        guard let answer else { throw Self.revoked }
        let tokens = SessionClaims.tokens(
            did: claims.did, session: claims.session, refreshID: answer.refreshID,
            isAppPassword: claims.isAppPassword, audience: audience, secret: vault.sessionSecret, at: answer.at)
        return (live, tokens)
    }

    /// Ends the session of a refresh token; no change when it has ended.
    package func end(refresh token: String, at now: Timestamp) throws {
        let claims = try claims(token, .refresh, at: now)
        try store.transact(at: now) { transaction in
            guard let row = try Self.row(claims.session, in: transaction) else { return }
            try Self.end(row, reason: "signed out", in: transaction)
        }
    }

    func tokens(for session: NewSession, at now: Timestamp) -> SessionTokens {
        SessionClaims.tokens(
            did: session.did, session: session.id, refreshID: session.refresh,
            isAppPassword: session.appPassword != nil, audience: audience, secret: vault.sessionSecret, at: now)
    }

    /// The tag is computed once; expiry is compared each time, and whether the session lives is asked by `live`.
    private func accessClaims(of text: String, at now: Timestamp) throws(IdentityError) -> SessionClaims {
        let digest = BLAKE3.hash(Array(text.utf8))
        if let known = accessClaims[digest], now < Timestamp(seconds: known.expiresAt) { return known.claims }
        let token = try verified(text, .access, at: now)
        let claims = try SessionClaims(token)
        accessClaims.insert(KnownClaims(claims: claims, expiresAt: token.expiresAt), for: digest)
        return claims
    }

    private func claims(
        _ text: String, _ kind: SessionToken.Kind, at now: Timestamp
    ) throws(IdentityError) -> SessionClaims {
        try SessionClaims(verified(text, kind, at: now))
    }

    private func verified(
        _ text: String, _ kind: SessionToken.Kind, at now: Timestamp
    ) throws(IdentityError) -> SessionToken {
        do throws(ATProtoError) {
            return try SessionToken.verify(
                text, kind: kind, audience: audience, secret: vault.sessionSecret, at: now)
        } catch {
            throw IdentityError(error.name == "ExpiredToken" ? .expiredToken : .invalidToken, error.message)
        }
    }

    static var revoked: IdentityError { IdentityError(.expiredToken, "the token has been revoked") }

    private func live(
        _ claims: SessionClaims, _ kind: SessionToken.Kind, at now: Timestamp
    ) throws -> LiveSession {
        guard let question = try? Self.question(claims), let account = try account(claims.did) else {
            throw IdentityError(.invalidToken, "the session is not of this service")
        }
        // Whose sessions ended with its standing is told of that first.
        try account.requireStanding()
        guard try store.freshSnapshot().judge(question, at: now).isAllowed else {
            throw kind == .refresh ? Self.revoked : IdentityError(.invalidToken, "the session has ended")
        }
        return LiveSession(account: account, id: claims.session, isAppPassword: claims.isAppPassword)
    }

    /// Whether the session still acts for its account.
    private static func question(_ claims: SessionClaims) throws -> CheckQuestion {
        CheckQuestion(
            principal: try DID(session: claims.session), ability: .accountUse, resource: .account(claims.did))
    }

    private func find(_ name: SignInName) throws -> (account: Account, hash: PasswordHash?)? {
        guard let account = try account(named: name) else { return nil }
        let text = try store.read { reader in
            try reader.first(
                AccountTable.self, [AccountTable.password], where: [AccountTable.did.is(account.did.text)]
            ) { $0[AccountTable.password] }
        }
        return (account, text.flatMap { PasswordHash($0) })
    }
}
