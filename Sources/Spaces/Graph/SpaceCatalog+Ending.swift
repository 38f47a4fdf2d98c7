import ATProto
package import CapabilityGraph
import Multiformats
package import Storage
import UCAN

// What the end of an edge takes with it, whichever door it is ended by: the member goes off the list, the setting is taken
// out of the settings, and the credentials that rested on it are listed as revoked.

extension SpaceCatalog {
    package func governs(_ kind: EdgeKind) -> Bool {
        kind != .session && family.kinds.contains(kind)
    }

    package func end(_ edge: Snapshot.EdgeID, _ end: EdgeEnd, in change: StoreTransaction) throws {
        let view = change.graph.view(edge)
        guard let uri = view.spaceURI, let space = try change.spaces.space(uri) else {
            return try change.strike(edge, end)
        }
        switch view.kind {
        case .membership:
            let rest = EdgeEnd(by: end.actor, reason: end.reason)
            for other in change.graph.ended(with: edge, at: change.now) {
                try change.strike(other, other == edge ? end : rest)
            }
        case .policy, .ownership, .appAccess:
            let key = try change.spaces.edges(of: uri).first { $0.value == edge }?.key
            guard let key else { return try change.strike(edge, end) }
            guard let settings = space.settings.without(key) else {
                throw Refusal(
                    .unauthorizedRevoker, "Unauthorized Revoker",
                    "the edge carries the space itself; change the settings or delete the space", edge: view.id)
            }
            try change.strike(edge, end)
            _ = try change.set(settings, of: space, by: end.actor)
        default: try change.strike(edge, end)
        }
        try change.revokeDeadCredentials(below: uri, because: view.kind.reason)
    }
}

extension EdgeKind {
    /// Why credentials die that rested on an edge of this kind.
    fileprivate var reason: RevocationReason {
        switch self {
        case .membership: .memberChanged
        case .policy, .ownership, .appAccess: .settingsChanged
        default: .revoked
        }
    }
}

extension SpaceSettings {
    /// The settings that do not call for an edge; nil when no settings leave it out.
    func without(_ edge: SpaceEdges.Key) -> SpaceSettings? {
        var result = self
        switch edge.role {
        case .owner, .list, .formerList, .formerListRead, .formerListWrite: return nil
        // The list is what is left when nothing else is said, so that nothing stands without it.
        case .listRead, .listWrite, .take: return nil
        // Who asks an application whom it admits says by it that the space is there.
        case .know: return nil
        case .read: result.readPolicy = .memberList
        case .write: result.writePolicy = .memberList
        case .describe, .readOpenly, .listMembers:
            var change = JSONObject()
            if edge.role != .readOpenly { change["membershipPublic"] = false }
            if edge.role == .readOpenly { change["recordsPublic"] = false }
            if edge.role == .listMembers { change["membersCanList"] = false }
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
