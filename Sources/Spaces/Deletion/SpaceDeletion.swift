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
            guard let space = try transaction.space(permit.space) else { return }
            try transaction.bury(space, by: permit.principal)
            for step in neighbours {
                try step.delete(space.uri, purgesMemberData: purgesMemberData, in: transaction)
            }
        }
    }

    /// Deletes every space under an authority that goes, in the transaction that it goes in; gives how many.
    package func deleteSpaces(of authority: DID, in transaction: StoreTransaction) throws -> Int {
        let names = try transaction.rows(
            "SELECT uri FROM space WHERE authority = ?1 ORDER BY uri", [.text(authority.text)]
        ) { try SpaceURI($0.text(0)) }
        for name in names {
            guard let space = try transaction.space(name) else { continue }
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
        guard try store.read({ try $0.space(permit.space) }) == nil else {
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
    fileprivate func bury(_ space: SpaceRecord, by actor: DID) throws {
        try run(
            """
            INSERT OR REPLACE INTO space_tombstone(uri, owner, deleted_at, revision, was_open) \
            VALUES(?1, ?2, ?3, ?4, ?5)
            """,
            [
                .text(space.uri.text), .text(space.owner.text), .integer(now.microseconds),
                .integer(Int64(graph.revision)), .bool(space.settings.readPolicy.managingApp != nil),
            ])
        let number: [SQLValue] = [.integer(space.number)]
        for issued in try issuedCredentials(for: space.uri, at: now) {
            // What was dead already did not die of this.
            let isLive = issued.isInForce(in: graph, at: now)
            try revoke(issued, because: isLive ? .spaceDeleted : issued.cause(in: graph) ?? .spaceDeleted)
        }
        try run("DELETE FROM space_credential WHERE space = ?1", [.text(space.uri.text)])
        // What rests on these edges dies with them; members' edges end too, so that their chains name the deletion.
        let edges =
            try rows("SELECT edge FROM space_edge WHERE space = ?1", number) { $0.bytes(0) }
            + rows("SELECT edge FROM space_member WHERE space = ?1 AND edge IS NOT NULL", number) { $0.bytes(0) }
            + rows("SELECT edge FROM space_invite WHERE space = ?1", number) { $0.bytes(0) }
        for edge in edges { try end(stored: edge, by: actor, reason: "spaceDeleted") }
        try run("DELETE FROM space_edge WHERE space = ?1", number)
        try run("DELETE FROM space_member WHERE space = ?1", number)
        try run("DELETE FROM space_invite WHERE space = ?1", number)
        try run("DELETE FROM space WHERE id = ?1", number)
        try refreshRows(naming: space.uri, by: actor)
        // Where its members were admitted through it, they no longer are.
        try revokeDeadCredentials(below: space.uri, because: .spaceDeleted)
    }
}
