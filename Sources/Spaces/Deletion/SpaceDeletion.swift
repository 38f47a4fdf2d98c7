package import ATProto
import CapabilityGraph
package import Storage
package import UCAN

/// Deletes spaces with what belongs to them (atproto-spaces.md 18).
package struct SpaceDeletion: Sendable {
    let store: GraphStore
    let neighbours: [any SpaceDeletionStep]

    /// `neighbours` delete what the other families keep for a space, inside the same transaction.
    package init(store: GraphStore, neighbours: [any SpaceDeletionStep] = []) {
        self.store = store
        self.neighbours = neighbours
    }

    /// Ends every edge of a space, deletes its rows and leaves a tombstone. A second time it does nothing.
    ///
    /// The authority's own repo goes; those of others stay readable to them alone, unless `purgesMemberData`.
    package func delete(_ permit: Permit, purgesMemberData: Bool = false, at now: Timestamp) throws {
        try permit.require(.deleteSpace)
        let neighbours = self.neighbours
        try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let space = try transaction.spaces.space(permit.space) else { return }
            try transaction.bury(space, by: permit.principal)
            for step in neighbours {
                try step.delete(space.uri, purgesMemberData: purgesMemberData, in: transaction)
            }
        }
    }

    /// Deletes every space under an authority that goes, in the transaction that it goes in; gives how many.
    package func deleteSpaces(of authority: DID, in transaction: StoreTransaction) throws -> Int {
        let names = try transaction.rows(
            SpaceTable.self, [SpaceTable.uri],
            where: [
                // A slash, and the character behind it.
                SpaceTable.uri.isAtLeast("at://\(authority.text)/"), SpaceTable.uri.isBelow("at://\(authority.text)0"),
            ], order: [SpaceTable.uri.ascending]
        ) { try SpaceURI($0[SpaceTable.uri]) }
        for name in names {
            guard let space = try transaction.spaces.space(name) else { continue }
            try transaction.bury(space, by: authority)
            for step in neighbours { try step.delete(name, purgesMemberData: false, in: transaction) }
        }
        return names.count
    }
}

extension SpaceDeletion {
    /// Throws `InvalidRequest` while the space is there.
    package func requireDeleted(_ permit: Permit) throws {
        try permit.require(.deleteSpace)
        guard try store.spaces.space(permit.space) == nil else {
            throw ATProtoError("InvalidRequest", "the space is not deleted")
        }
    }
}

/// What another family does when a space is deleted: repos, notifications.
package protocol SpaceDeletionStep: Sendable {
    /// Runs inside the transaction that deletes the space, after its edges have ended and its rows are gone.
    func delete(_ space: SpaceURI, purgesMemberData: Bool, in transaction: StoreTransaction) throws
}

extension StoreTransaction {
    /// Ends the edges on which everything in a space rests; members and invites need no end of their own.
    fileprivate func bury(_ space: SpaceRecord, by actor: DID) throws {
        for issued in try issuedCredentials(for: space.uri, at: now) {
            // What was dead already did not die of this.
            let isLive = issued.isInForce(in: graph, at: now)
            try revoke(issued, because: isLive ? .spaceDeleted : issued.cause(in: graph) ?? .spaceDeleted)
        }
        let edges = try spaces.edges(of: space.uri).values.sorted()
        try note(
            SpaceFacts.tombstone(
                space.uri,
                SpaceTombstone(
                    owner: space.owner, deletedAt: now, revision: graph.revision,
                    wasOpen: space.settings.managingApp != nil)))
        for edge in edges { try strike(edge, EdgeEnd(by: actor, reason: "spaceDeleted")) }
        // Where its members were admitted through it, they no longer are.
        try revokeDeadCredentials(below: space.uri, because: .spaceDeleted)
    }
}
