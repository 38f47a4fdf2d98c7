import ATProto
import CapabilityGraph
import Multiformats
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
    /// The most revocations kept in all, beyond which those of spaces of which nothing is held here are not.
    package static let maximumUnheld = 200_000
}

/// Why credentials ended before their time; the word goes with the news to other hosts.
package enum RevocationReason: String, Sendable {
    case memberChanged = "user_removed"
    case settingsChanged = "policy_changed"
    case appRemoved = "app_removed"
    case spaceDeleted = "space_deleted"
    case sessionEnded = "session_ended"
    /// The authority revoked it by name.
    case revoked = "revoked"
}

extension TableReader {
    /// True for a credential that lived until its space was deleted.
    func wasDeleted(withSpace jti: String, in space: SpaceURI) throws -> Bool {
        try revocationReason(of: jti, in: space).map {
            UTF8Bytes.equal($0, RevocationReason.spaceDeleted.rawValue)
        } ?? false
    }

    /// Why a credential of this host was listed as revoked; nil for one that was not.
    func revocationReason(of jti: String, in space: SpaceURI) throws -> String? {
        try first(
            CredentialRevocationTable.self, [CredentialRevocationTable.reason],
            where: [CredentialRevocationTable.space.is(space.text), CredentialRevocationTable.jti.is(jti)]
        ) { $0[CredentialRevocationTable.reason] }
    }
}

/// One credential that was issued here and neither expired nor was listed as revoked.
struct IssuedCredential {
    let space: SpaceURI
    let jti: String
    let expiresAt: Timestamp
    let edge: [UInt8]

    init(_ row: Row) throws {
        space = try SpaceURI(row[CredentialTable.space])
        jti = row[CredentialTable.jti]
        expiresAt = Timestamp(microseconds: row[CredentialTable.expiresAt])
        edge = row[CredentialTable.edge]
    }

    func isInForce(in graph: Snapshot, at now: Timestamp) -> Bool {
        guard let edge = graph.edge(stored: edge) else { return false }
        return graph.isInForce(edge, at: now)
    }

    /// Says by the edge that ended why the credential is dead; nil where what it rests on ended further up.
    func cause(in graph: Snapshot) -> RevocationReason? {
        guard let edge = graph.edge(stored: edge) else { return nil }
        if graph.view(edge).ending != nil { return .revoked }
        for proof in graph.view(edge).proofs.map(graph.view) where proof.ending != nil {
            switch proof.kind {
            case .appAccess: return .appRemoved
            case .session: return .sessionEnded
            case .membership: return .memberChanged
            case .policy, .ownership: return .settingsChanged
            default: return .revoked
            }
        }
        return nil
    }
}

extension TableReader {
    /// The credentials issued for a space, or for every space, that somebody may still show.
    func issuedCredentials(for space: SpaceURI? = nil, at now: Timestamp) throws -> [IssuedCredential] {
        // Some take a token for a little longer than it says.
        let since = now.advanced(bySeconds: -Credentials.clockSkew).microseconds
        var terms = [CredentialTable.expiresAt.isAbove(since)]
        if let space { terms.append(CredentialTable.space.is(space.text)) }
        return try rows(CredentialTable.self, where: terms, IssuedCredential.init).filter { issued in
            try revocationReason(of: issued.jti, in: issued.space) == nil
        }
    }
}

extension TableChange {
    /// Revokes what was issued for a space, or for one its members are admitted to, and no longer is in force.
    ///
    /// The graph refuses such credentials already; here they are listed as revoked, for the hosts that must be told.
    func revokeDeadCredentials(below space: SpaceURI, because reason: RevocationReason) throws {
        let place = try Space(space)
        for uri in try [space] + graph.spacesAdmitting(place).map({ try SpaceURI($0.text) }) {
            for issued in try issuedCredentials(for: uri, at: now) where !issued.isInForce(in: graph, at: now) {
                try revoke(issued, because: issued.cause(in: graph) ?? reason)
            }
        }
    }

    /// Lists one credential as revoked; whether its edge ends is the caller's to do.
    func revoke(_ issued: IssuedCredential, because reason: RevocationReason) throws {
        try revoke(issued, because: reason.rawValue)
    }

    func revoke(_ issued: IssuedCredential, because reason: String) throws {
        let keepUntil = max(
            issued.expiresAt.advanced(bySeconds: Credentials.clockSkew),
            now.advanced(bySeconds: Credentials.revocationLifetime))
        // The first reason stays.
        try put(
            CredentialRevocationTable.self,
            [
                CredentialRevocationTable.space.to(issued.space.text), CredentialRevocationTable.jti.to(issued.jti),
                CredentialRevocationTable.reason.to(reason),
                CredentialRevocationTable.revokedAt.to(now.microseconds),
                CredentialRevocationTable.keepUntil.to(keepUntil.microseconds),
                CredentialRevocationTable.isTold.to(false),
            ], updating: [])
    }
}
