import ATProto
import CapabilityGraph
package import Multiformats
import Storage
package import UCAN

extension SpaceGraph {
    /// Ends one edge, for ever and with all that rests on it, and changes what the tables say accordingly: a member is
    /// removed, an invite revoked, a policy or an application taken out of the settings, a credential listed as revoked.
    ///
    /// False when it had ended before. The edges that carry the space itself stay: `InvalidRequest`.
    package func end(_ permit: Permit, _ id: Multihash, reason: String, at now: Timestamp) throws -> Bool {
        try permit.require(.endEdge(id))
        guard (1...Self.maximumReasonLength).contains(reason.utf8.count) else {
            throw ATProtoError("InvalidRequest", "`reason` has 1 to \(Self.maximumReasonLength) bytes")
        }
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let space = try transaction.space(permit.space), let edge = transaction.graph.edge(id) else {
                throw AccessRefusal.edgeNotFound
            }
            let view = transaction.graph.view(edge)
            guard view.ending == nil else { return false }
            let cause = try transaction.undo(view, in: space, by: permit.principal)
            // Where a row was behind it the edge has ended by now.
            try transaction.end(edge, by: permit.principal, reason: reason)
            try transaction.revokeDeadCredentials(below: space.uri, because: cause)
            return true
        }
    }

    package static let maximumReasonLength = 256
}

extension StoreTransaction {
    /// Takes back what the tables say of an edge; gives the reason for which credentials on it die.
    fileprivate func undo(_ edge: EdgeView, in space: SpaceRecord, by actor: DID) throws -> RevocationReason {
        let key: [SQLValue] = [.integer(space.number), .blob(edge.id.digest.bytes)]
        switch edge.kind {
        case .membership:
            let name = try first("SELECT member FROM space_member WHERE space = ?1 AND edge = ?2", key) { $0.text(0) }
            if let name { _ = try removeMember(name, of: space, by: actor) }
            return .memberChanged
        case .invite:
            let id = try first("SELECT id FROM space_invite WHERE space = ?1 AND edge = ?2", key) { $0.text(0) }
            if let id { _ = try revokeInvite(id, of: space, by: actor) }
            return .revoked
        case .policy, .ownership, .appAccess:
            let found = try first("SELECT role, subject FROM space_edge WHERE space = ?1 AND edge = ?2", key) { row in
                SpaceEdges.Role(rawValue: row.text(0)).map { SpaceEdges.Key(role: $0, subject: row.text(1)) }
            }
            guard let found = found ?? nil, let settings = space.settings.without(found) else {
                throw ATProtoError(
                    "InvalidRequest", "the edge carries the space itself; change the settings or delete the space")
            }
            _ = try set(settings, of: space, by: actor)
            return .settingsChanged
        case .spaceCredential:
            // One that another edge carries by now is ended with that.
            let isCarrier = try exists(
                "SELECT 1 FROM space_credential WHERE space = ?1 AND edge = ?2",
                [.text(space.uri.text), .blob(edge.id.digest.bytes)])
            if !isCarrier { try endCarriers(of: edge.audience, in: space, by: actor) }
            return .revoked
        case .cacao, .ucan, .delegationToken, .session: return .revoked
        }
    }
}

extension SpaceSettings {
    /// The settings that do not call for an edge; nil when no settings leave it out.
    fileprivate func without(_ edge: SpaceEdges.Key) -> SpaceSettings? {
        var result = self
        switch edge.role {
        case .owner, .list, .listRead, .listWrite, .take: return nil
        case .read: result.readPolicy = .memberList
        case .write: result.writePolicy = .memberList
        case .describe, .readOpenly:
            var change = JSONObject()
            change[edge.role == .describe ? "membershipPublic" : "recordsPublic"] = false
            guard (try? result.config.apply(change)) != nil else { return nil }
        case .app: result.appAccess = appAccess.without(edge.subject)
        }
        return result
    }
}

extension AppAccess {
    /// The same without one application, or without everybody.
    fileprivate func without(_ client: String) -> AppAccess {
        switch self {
        case .open: .allowList([])
        case .allowList(let clients): .allowList(clients.filter { !UTF8Bytes.equal($0, client) })
        case .denyList where client.utf8.starts(with: SpaceEdges.caveated.utf8): .allowList([])
        case .denyList(let clients):
            .denyList(clients.contains { UTF8Bytes.equal($0, client) } ? clients : clients + [client])
        }
    }
}
