package import CapabilityGraph
import Multiformats
package import UCAN

/// A change of tables and graph, decided on the writer thread inside the batch's one transaction.
///
/// What its body throws takes back everything the body did; a failure of the store itself ends the whole batch. A body
/// may run twice when a neighbour in its batch fails, so it has no effects but those on this value.
package final class StoreTransaction: TableReader {
    /// The request's one reading of the clock.
    package let now: Timestamp
    private let tables: TableConnection
    let writer: GraphWriter
    var batch = LogBatch()
    private let mark: (ReplayMark) throws -> Bool
    /// True once an edge was made or ended, which only the whole batch can take back.
    private(set) var changedGraph = false

    init(
        now: Timestamp, tables: TableConnection, writer: GraphWriter,
        mark: @escaping (ReplayMark) throws -> Bool
    ) {
        self.now = now
        self.tables = tables
        self.writer = writer
        self.mark = mark
    }

    package func each(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
        try tables.each(sql, values, body)
    }

    /// Runs once the change is durable and visible, on the writer thread and in the order of commits; it must be short.
    package func afterCommit(_ body: @escaping @Sendable () -> Void) { followUps.append(body) }

    var followUps: [@Sendable () -> Void] = []

    package func run(_ sql: String, _ values: [SQLValue] = []) throws { try tables.run(sql, values) }

    /// Rows the last `run` inserted, updated or deleted.
    package var changes: Int { tables.connection.changeCount }

    /// The graph with what this batch changed so far.
    package var graph: Snapshot { writer.working }

    /// Marks a signed statement as used; false when it was used before.
    package func use(_ mark: ReplayMark) throws -> Bool { try self.mark(mark) }

    /// Adds an edge this host states; throws its `Refusal` when the rules of admission do not allow it.
    @discardableResult
    package func admit(_ statement: HostStatement) throws -> Snapshot.EdgeID {
        switch try writer.admit(statement, at: now) {
        case .refused(let refusal): throw refusal
        case .admitted(let admitted, let id, let bytes):
            append(admitted.record, token: bytes, id: id.digest)
            return admitted.edge
        }
    }

    /// Ends an edge, for ever and with everything that rests only on it; no change when it had ended before.
    package func end(_ edge: Snapshot.EdgeID, by actor: DID, reason: String) throws {
        guard let ended = try writer.end(edge, by: actor, reason: reason, at: now) else { return }
        append(ended.record, token: ended.bytes, id: ended.id)
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
