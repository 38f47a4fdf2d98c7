import ATProto
import CapabilityGraph
import Multiformats
import Storage
package import UCAN

/// What an OAuth issuer let an application do: act for one account, by one key.
///
/// A client makes a new key for each authorization and keeps it while it refreshes, so the key tells sessions apart.
package struct OAuthGrant: Hashable, Sendable {
    package let issuer: String
    package let clientID: String
    package let subject: DID
    /// The RFC 7638 thumbprint of the key that the tokens are bound to.
    package let thumbprint: String

    package init(issuer: String, clientID: String, subject: DID, thumbprint: String) {
        self.issuer = issuer
        self.clientID = clientID
        self.subject = subject
        self.thumbprint = thumbprint
    }

    /// The session, the same for every access token of the grant.
    func principal() throws -> DID {
        var bytes = Array("atproto-oauth-session-v1".utf8)
        for part in [issuer, clientID, subject.text, thumbprint] {
            withUnsafeBytes(of: UInt32(clamping: part.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: part.utf8)
        }
        return try DID(session: "oauth-" + Base64URL.encode(BLAKE3.hash(bytes).bytes))
    }
}

extension Accounts {
    /// Gives the session of a grant whose token and proof were verified; its edge is made with the first token.
    ///
    /// An edge that was ended stays ended: a new authorization has a new key. Throws `invalidToken` then and for an
    /// account that is not here, and `accountTakedown`. Waits when it makes the edge.
    package func session(of grant: OAuthGrant, at now: Timestamp) throws -> DID {
        guard let account = try account(grant.subject) else {
            throw IdentityError(.invalidToken, "the token is for no account of this service")
        }
        try account.requireStanding()
        let session = try grant.principal()
        let question = CheckQuestion(principal: session, ability: .accountUse, resource: .account(account.did))
        if try store.freshSnapshot().check(question, at: now).isAllowed { return session }
        try store.transact(at: now) { transaction in
            // Another request of the same application may have made it meanwhile.
            guard !transaction.graph.check(question, at: now).isAllowed else { return }
            if let edge = transaction.graph.newestEdge(of: .session, for: session),
                transaction.graph.view(edge).ending != nil
            {
                throw IdentityError(.invalidToken, "the session has ended")
            }
            try transaction.admit(
                HostStatement(
                    kind: .session, issuer: account.did, audience: session,
                    capabilities: [Capability(resource: .account(account.did), ability: .accountUse)],
                    expires: now.adding(seconds: NewSession.edgeLifetime)))
        }
        return session
    }
}
