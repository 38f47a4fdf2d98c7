import ATProto
import CapabilityGraph
import Storage
import UCAN

/// Numbers of the credential rules (atproto-spaces.md 4, 4.8, 23).
package enum Credentials {
    /// Seconds by which clocks may differ.
    package static let clockSkew: Int64 = 5
    /// Seconds for which a revocation is kept at least: no credential bound to a request key lives longer.
    package static let revocationLifetime: Int64 = 3610
    /// The most revocations kept for one authority.
    package static let maximumRevocations = 10_000
}

/// Why credentials ended before their time; the word goes with the news to other hosts.
package enum RevocationReason: String, Sendable {
    case memberChanged = "user_removed"
    case settingsChanged = "policy_changed"
    case spaceDeleted = "space_deleted"
    /// The authority revoked it by name.
    case revoked = "revoked"
}

extension TableReader {
    /// True when the authority of a space held elsewhere took a credential back, or revoked more than is kept.
    func isRevoked(jti: String, space: SpaceURI, at now: Timestamp) throws -> Bool {
        if try exists(
            "SELECT 1 FROM credential_revocation WHERE space = ?1 AND jti = ?2", [.text(space.text), .text(jti)])
        {
            return true
        }
        return try exists(
            "SELECT 1 FROM credential_blackout WHERE space = ?1 AND until > ?2",
            [.text(space.text), .integer(now.microseconds)])
    }

    /// The space and all spaces whose members its own are, however far up.
    func spacesAdmitting(_ space: SpaceURI) throws -> [SpaceURI] {
        var found = [space]
        var next = 0
        while next < found.count {
            let outer = try rows(
                """
                SELECT s.uri FROM space_member m JOIN space s ON s.id = m.space WHERE m.member = ?1 AND m.is_space = 1
                """, [.text(found[next].text)]
            ) { try SpaceURI($0.text(0)) }
            next += 1
            for uri in outer where !found.contains(uri) { found.append(uri) }
        }
        return found
    }
}

/// One credential that was issued here and may still be used.
struct IssuedCredential {
    let jti: String
    let user: DID
    let expiresAt: Timestamp
    let edge: [UInt8]
}

extension StoreTransaction {
    /// Revokes what was issued for a space, or for one its members are admitted to, and no longer is in force.
    ///
    /// The graph refuses such credentials already; here they are listed as revoked, for the hosts that must be told.
    func revokeDeadCredentials(below space: SpaceURI, because reason: RevocationReason) throws {
        for uri in try spacesAdmitting(space) {
            for issued in try issuedCredentials(for: uri) {
                if let edge = graph.edge(stored: issued.edge), graph.isInForce(edge, at: now) { continue }
                try revoke(issued, of: uri, because: reason)
            }
        }
    }

    func issuedCredentials(for space: SpaceURI) throws -> [IssuedCredential] {
        try rows(
            "SELECT jti, user, expires_at, edge FROM space_credential WHERE space = ?1 AND expires_at > ?2",
            [.text(space.text), .integer(now.microseconds)]
        ) { row in
            IssuedCredential(
                jti: row.text(0), user: DID(trusted: row.text(1)),
                expiresAt: Timestamp(microseconds: row.integer(2)), edge: row.bytes(3))
        }
    }

    /// Lists one credential as revoked and forgets that it was issued; whether its edge ends is the caller's to do.
    func revoke(_ issued: IssuedCredential, of space: SpaceURI, because reason: RevocationReason) throws {
        try run(
            """
            INSERT OR IGNORE INTO credential_revocation(space, jti, authority, reason, revoked_at, keep_until, origin, \
            is_told) VALUES(?1, ?2, ?3, ?4, ?5, ?6, 0, 0)
            """,
            [
                .text(space.text), .text(issued.jti), .text(space.authority), .text(reason.rawValue),
                .integer(now.microseconds),
                .integer(
                    max(
                        issued.expiresAt.advanced(bySeconds: Credentials.clockSkew),
                        now.advanced(bySeconds: Credentials.revocationLifetime)
                    ).microseconds),
            ])
        try run(
            "DELETE FROM space_credential WHERE space = ?1 AND jti = ?2", [.text(space.text), .text(issued.jti)])
    }
}
