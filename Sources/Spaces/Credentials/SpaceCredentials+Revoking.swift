import ATProto
import CapabilityGraph
import Multiformats
import Storage
package import UCAN

extension SpaceCredentials {
    /// One credential as the managers of its space see it; never its token.
    package struct Listed: Hashable, Sendable {
        package let id: String
        package let user: DID
        package let clientID: String?
        package let expiresAt: Timestamp
        /// Why it no longer counts; nil while it does.
        package let reason: String?
    }

    /// Lists the credentials of a space that have not expired, by `jti`; `next` is the cursor of the following page.
    package func list(
        _ permit: Permit, limit: Int, after cursor: String, at now: Timestamp
    ) throws -> (credentials: [Listed], next: String?) {
        try permit.require(.manageCredentials)
        let graph = try store.freshSnapshot()
        let found = try store.read { tables in
            try tables.rows(
                CredentialTable.self,
                where: [
                    CredentialTable.space.is(permit.space.text), CredentialTable.jti.isAbove(cursor),
                    CredentialTable.expiresAt.isAbove(now.microseconds),
                ], order: [CredentialTable.jti.ascending], limit: limit + 1
            ) { row in
                let issued = try IssuedCredential(row)
                var reason = try tables.revocationReason(of: issued.jti, in: issued.space)
                if reason == nil, !issued.isInForce(in: graph, at: now) {
                    reason = (issued.cause(in: graph) ?? .settingsChanged).rawValue
                }
                return Listed(
                    id: issued.jti, user: DID(trusted: row[CredentialTable.subject]),
                    clientID: row[CredentialTable.clientID], expiresAt: issued.expiresAt, reason: reason)
            }
        }
        let page = Array(found.prefix(limit))
        return (page, found.count > limit ? page.last?.id : nil)
    }

    /// Takes one credential back, for a reason in a word of lower-case letters and `_`; a second time does nothing.
    ///
    /// Throws `CredentialNotFound` for one that was not issued here or has expired.
    package func revoke(_ permit: Permit, id: String, reason: String? = nil, at now: Timestamp) throws {
        try permit.require(.manageCredentials)
        let reason = reason ?? RevocationReason.revoked.rawValue
        guard (1...64).contains(reason.utf8.count), reason.utf8.allSatisfy({ (0x61...0x7A).contains($0) || $0 == 0x5F })
        else { throw ATProtoError("InvalidRequest", "`reason` is a word of at most 64 letters a to z and `_`") }
        try store.transact(at: now) { change in
            let permit = try permit.confirmed(in: change)
            guard try change.revocationReason(of: id, in: permit.space) == nil else { return }
            guard let issued = try change.issued(id, for: permit.space) else {
                throw ATProtoError("CredentialNotFound", "the space has no such credential")
            }
            try change.revoke(issued, because: reason)
            if let edge = change.graph.edge(stored: issued.edge) {
                try change.end(edge, by: permit.principal, reason: reason)
            }
        }
    }

    /// Takes an authority's word that credentials are no longer good (4.8); what is known already stays as it is.
    ///
    /// Kept for 3610 seconds, since no credential bound to a request key lives longer. Where an authority has more of
    /// them than are kept, the space is closed to all its credentials for as long (fail closed).
    package func receive(_ permit: Permit, revoked ids: [String], at now: Timestamp) throws {
        try permit.require(.notifyByAuthority)
        guard (1...100).contains(ids.count), ids.allSatisfy({ (1...128).contains($0.utf8.count) }) else {
            throw ATProtoError("InvalidRequest", "`credentials` is an array of 1 to 100 token ids")
        }
        try store.transact(at: now) { change in
            let permit = try permit.confirmed(in: change)
            for id in ids { try change.take(revoked: id, of: permit.space, by: permit.principal) }
        }
    }
}

extension StoreTransaction {
    fileprivate func issued(_ id: String, for space: SpaceURI) throws -> IssuedCredential? {
        try first(
            CredentialTable.self, where: [CredentialTable.space.is(space.text), CredentialTable.jti.is(id)],
            IssuedCredential.init)
    }

    fileprivate func take(revoked id: String, of space: SpaceURI, by authority: DID) throws {
        // An authority hosted here that signs for itself ends its own.
        if let issued = try issued(id, for: space) {
            guard let edge = graph.edge(stored: issued.edge) else { return }
            return try end(edge, by: authority, reason: RevocationReason.revoked.rawValue)
        }
        guard try !spaces.isRevoked(jti: id, space: space, at: now) else { return }
        let until = now.advanced(bySeconds: Credentials.revocationLifetime)
        let count = try catalog.foreignCount(of: space.authority)
        // Where nothing of a space is held, there is nothing its credentials could open, and it cannot fill the store.
        let number = try RepoReader(self).number(of: space)
        let isHeld = try number.map { try exists(RepoTable.self, where: [RepoTable.space.is($0)]) } ?? false
        let hasRoom = try catalog.foreignCount(of: nil)
        guard count < Credentials.maximumRevocations && (isHeld || hasRoom < Credentials.maximumUnheld) else {
            guard isHeld else { return }
            return try note(SpaceFacts.blackout(space, until: until))
        }
        try note(SpaceFacts.foreign(space, jti: id, until: until))
    }
}
