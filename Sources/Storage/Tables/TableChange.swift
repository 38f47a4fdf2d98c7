package import CapabilityGraph
package import UCAN

/// A change of tables that reads the graph and leaves it as it is; see `GraphStore.change`.
///
/// The same rules as of a `StoreTransaction`, which is one that may change the graph too.
package class TableChange: TableWriter {
    /// The request's one reading of the clock.
    package let now: Timestamp
    private let tables: TableConnection
    let writer: GraphWriter
    let families: [any StoreFamily]
    private let mark: (ReplayMark) throws -> Bool
    private(set) var followUps: [@Sendable () -> Void] = []

    init(
        now: Timestamp, tables: TableConnection, writer: GraphWriter, families: [any StoreFamily],
        mark: @escaping (ReplayMark) throws -> Bool
    ) {
        self.now = now
        self.tables = tables
        self.writer = writer
        self.families = families
        self.mark = mark
    }

    package final func each(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
        try tables.each(sql, values, body)
    }

    package final func run(_ sql: String, _ values: [SQLValue]) throws { try tables.run(sql, values) }
    package final func run(_ sql: String) throws { try run(sql, []) }

    /// Rows the last `run` inserted, updated or deleted.
    package final var changes: Int { tables.connection.changeCount }

    /// The graph with what this batch changed so far.
    package final var graph: Snapshot { writer.working }

    /// Marks a signed statement as used; false when it was used before.
    package final func use(_ mark: ReplayMark) throws -> Bool { try self.mark(mark) }

    /// Runs once the change is durable and visible, on the writer thread and in the order of commits; it must be short.
    package final func afterCommit(_ body: @escaping @Sendable () -> Void) { followUps.append(body) }

    /// The family of one type.
    package final func family<Family: StoreFamily>(_ type: Family.Type) -> Family? {
        families.lazy.compactMap { $0 as? Family }.first
    }
}
