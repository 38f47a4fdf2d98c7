package import CapabilityGraph
package import Multiformats
package import UCAN

/// A change of tables and graph, decided on the writer thread inside the batch's one transaction.
///
/// What its body throws takes back everything the body did; a failure of the store itself ends the whole batch. A body
/// may run twice when a neighbour in its batch fails, so it has no effects but those on this value.
package final class StoreTransaction: TableChange {
    var batch = LogBatch()
    /// True once an edge was made or ended, which only the whole batch can take back.
    private(set) var changedGraph = false

    /// Adds an edge this host states; throws its `Refusal` when the rules of admission do not allow it.
    @discardableResult
    package func admit(_ statement: HostStatement) throws -> Snapshot.EdgeID {
        switch try writer.admit(statement, at: now) {
        case .refused(let refusal): throw refusal
        case .admitted(let admitted, let id, let bytes):
            append(admitted.record, token: bytes, id: id.digest)
            if let facts = statement.facts {
                try apply(.admitted(admitted.edge, actor: statement.actor, facts: facts))
            }
            return admitted.edge
        }
    }

    /// Ends an edge, for ever, with everything that rests only on it and all its family takes back for it; no change when
    /// it had ended before. The one way an edge ends, whichever door is used.
    package func end(_ edge: Snapshot.EdgeID, by actor: DID, reason: String) throws {
        try end(edge, EdgeEnd(by: actor, reason: reason))
    }

    package func end(_ edge: Snapshot.EdgeID, _ end: EdgeEnd) throws {
        let view = graph.view(edge)
        guard view.ending == nil else { return }
        if let family = families.first(where: { $0.governs(view.kind) }) {
            return try family.end(edge, end, in: self)
        }
        try strike(edge, end)
    }

    /// Ends an edge alone: the last step of `end`, and what a family does to edges of its own as part of another change.
    package func strike(_ edge: Snapshot.EdgeID, _ end: EdgeEnd) throws {
        guard let ended = try writer.end(edge, end, at: now) else { return }
        append(ended.record, token: ended.bytes, id: ended.id)
        guard graph.view(edge).kind.isHostStatement else { return }
        try apply(.ended(edge))
    }

    /// Adds a statement of this host that is no edge.
    package func note(_ facts: CBORMap) throws {
        append(try writer.note(facts, at: now), token: nil, id: nil)
        try apply(.noted(facts))
    }

    private func apply(_ entry: AppliedEntry) throws {
        for family in families { try family.apply(entry, in: graph, at: now, to: self) }
    }

    /// Hosts a space from now on.
    package func host(_ space: Space) throws {
        if let record = try writer.host(space, at: now) { append(record, token: nil, id: nil) }
    }

    private func append(_ record: LogRecord, token: [UInt8]?, id: Digest?) {
        changedGraph = true
        batch.entries.append(LogEntry(record, token: token, id: id))
    }
}

/// One body waiting for the writer, and the call that receives what became of it on the writer thread.
public struct TableOperation: Sendable {
    let now: Timestamp
    let body: @Sendable (StoreTransaction) throws -> Void
    let reply: @Sendable (Result<Void, any Error>) -> Void
}
