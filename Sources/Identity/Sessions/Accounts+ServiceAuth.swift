package import ATProto
import CapabilityGraph
import Multiformats
import Storage
package import UCAN

extension Accounts {
    /// Signs service authentication in the name of a session's account, for a service of its choice (4.7).
    ///
    /// The token is an edge that rests on the session, so that this host takes it for as long as the session lives. Throws
    /// `invalidRequest` where the account's key is not kept here, and `invalidToken` for a session that has ended.
    package func serviceAuth(
        by session: DID, of did: DID, audience: ServiceIdentifier, method: String?, expiry: Int64, at now: Timestamp
    ) throws -> String {
        guard let key = try signingKey(did) else {
            throw IdentityError(.invalidRequest, "this host does not keep the key of the account")
        }
        let token = try ServiceAuthToken.make(
            issuer: did.text, audience: audience.text, method: method, key: key, expiry: expiry, at: now)
        let place = try audience.fragment == nil ? DID(audience.did) : DID(service: audience.text)
        let question = CheckQuestion(principal: session, ability: .accountUse, resource: .account(did))
        try store.transact(at: now) { transaction in
            guard transaction.graph.check(question, at: now).isAllowed,
                let edge = transaction.graph.newestEdge(of: .session, for: session)
            else { throw IdentityError(.invalidToken, "the session has ended") }
            try transaction.admit(
                HostStatement(
                    kind: .delegationToken, issuer: did, audience: place,
                    capabilities: [Capability(resource: .account(did), ability: .accountDelegate)],
                    expires: Timestamp(seconds: expiry).adding(seconds: UnixTime.skew), proofs: [edge],
                    token: Array(token.utf8)))
        }
        return token
    }

    /// The session for which this host signed a token; nil for tokens that were signed elsewhere.
    package func session(ofServiceAuth token: String) throws -> DID? {
        let graph = try store.freshSnapshot()
        let id = Multihash(code: .blake3_256, digest: BLAKE3.hash(Array(token.utf8)))
        guard let edge = graph.edge(id) else { return nil }
        return graph.view(edge).proofs.map(graph.view).first { $0.kind == .session }.map { DID(trusted: $0.audience) }
    }

    /// True for a session of the main password, or of an app password that was made privileged.
    package func isPrivileged(_ session: LiveSession) throws -> Bool {
        guard session.isAppPassword else { return true }
        return try store.read { reader in
            let begun = try reader.first(
                SessionTable.self, [SessionTable.did, SessionTable.appPassword],
                where: [SessionTable.id.is(session.id)]
            ) { (did: $0[SessionTable.did], password: $0[SessionTable.appPassword]) }
            guard let begun, let password = begun.password else { return false }
            return try reader.exists(
                AppPasswordTable.self,
                where: [
                    AppPasswordTable.did.is(begun.did), AppPasswordTable.name.is(password),
                    AppPasswordTable.isPrivileged.is(true),
                ])
        }
    }
}
