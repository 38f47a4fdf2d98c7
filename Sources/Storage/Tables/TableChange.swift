package import CapabilityGraph
package import UCAN

/// A change of tables that reads the graph and leaves it as it is; see `GraphStore.change`.
///
/// The same rules as of a `StoreTransaction`, which is one that may change the graph too.
package class TableChange: TableWriter {
    /// The request's one reading of the clock.
    package let now: Timestamp
    /// What the engine gave for this transaction.
    package let tables: any TableSession
    let writer: GraphWriter
    let families: [any StoreFamily]
    private let mark: (ReplayMark) throws -> Bool
    private(set) var followUps: [@Sendable () -> Void] = []

    init(
        now: Timestamp, tables: any TableSession, writer: GraphWriter, families: [any StoreFamily],
        mark: @escaping (ReplayMark) throws -> Bool
    ) {
        self.now = now
        self.tables = tables
        self.writer = writer
        self.families = families
        self.mark = mark
    }

    package final func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws {
        try tables.each(selection, body)
    }

    package final func count(_ selection: Selection) throws -> Int64 { try tables.count(selection) }

    package final func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        try tables.sum(column, selection)
    }

    package final func insert(_ table: TableSchema, _ values: [Assignment]) throws(StorageError) -> Int64 {
        try tables.insert(table, values)
    }

    package final func put(
        _ table: TableSchema, _ values: [Assignment], updating columns: [ColumnDefinition]
    ) throws(StorageError) {
        try tables.put(table, values, updating: columns)
    }

    package final func update(
        _ table: TableSchema, _ changes: [Assignment], _ terms: [Term]
    ) throws(StorageError) -> Int {
        try tables.update(table, changes, terms)
    }

    package final func delete(_ table: TableSchema, _ terms: [Term]) throws(StorageError) -> Int {
        try tables.delete(table, terms)
    }

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
