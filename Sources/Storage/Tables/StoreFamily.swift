package import CapabilityGraph
package import UCAN

/// What a family of protocols adds to the store: what its decisions and listings read, kept as the log says it, and what
/// the end of its edges takes back.
///
/// `apply` is called for each entry by the writer, right after the entry was made, and by every replay: nothing else may
/// change what the family keeps in memory, or in the tables that it names.
package protocol StoreFamily: AnyObject, Sendable {
    /// What the graph is told of it.
    var family: any Family { get }

    /// All tables of the family. Those that a store lacks are made when it is opened.
    var tables: [TableSchema] { get }

    /// Those of them that can be dropped and filled again from the log.
    var projections: [ProjectedTable] { get }

    /// Takes one entry over. `graph` is as it was right after the entry; without `tables` only memory is filled.
    func apply(
        _ entry: AppliedEntry, in graph: Snapshot, at recorded: Timestamp, to tables: (any TableWriter)?) throws

    /// What was applied since the last call is durable, and may be read by everybody.
    func commit()

    /// What was applied since the last `commit` never happened.
    func rollback()

    /// True for kinds of edges whose end takes back more than the edge.
    func governs(_ kind: EdgeKind) -> Bool

    /// Ends an edge of such a kind, with all that goes with it; throws a `Refusal` for one that cannot be ended alone.
    func end(_ edge: Snapshot.EdgeID, _ end: EdgeEnd, in change: StoreTransaction) throws

    /// States in the log what an older release kept in tables alone; called at each opening, before anything else.
    func takeOver(in change: StoreTransaction) throws

    /// Gives what the log of an earlier release lacks and this one decides by; nil where nothing is lacking. Asked at each
    /// opening, behind `takeOver`.
    func missingStatements() throws -> (@Sendable (StoreTransaction) throws -> Void)?
}

extension StoreFamily {
    package func missingStatements() throws -> (@Sendable (StoreTransaction) throws -> Void)? { nil }
}

/// A family that keeps nothing beside the graph.
package final class GraphOnly: StoreFamily {
    package let family: any Family

    package init(_ family: any Family) { self.family = family }

    package var tables: [TableSchema] { [] }
    package var projections: [ProjectedTable] { [] }
    package func apply(
        _ entry: AppliedEntry, in graph: Snapshot, at recorded: Timestamp, to tables: (any TableWriter)?
    ) {}
    package func commit() {}
    package func rollback() {}
    package func governs(_ kind: EdgeKind) -> Bool { false }
    package func end(_ edge: Snapshot.EdgeID, _ end: EdgeEnd, in change: StoreTransaction) throws {
        try change.strike(edge, end)
    }
    package func takeOver(in change: StoreTransaction) {}
}

extension Families {
    /// The families of a store.
    package convenience init(of kept: [any StoreFamily]) throws(GraphError) { try self.init(kept.map(\.family)) }
}

/// A table that is a projection of the log.
package struct ProjectedTable: Sendable {
    package let schema: TableSchema
    /// Holds the time, in microseconds, from which a row may be gone; nil where rows stay.
    package let forgottenAt: Column<Int64>?

    package init(_ schema: TableSchema, forgottenAt: Column<Int64>? = nil) {
        self.schema = schema
        self.forgottenAt = forgottenAt
    }
}
