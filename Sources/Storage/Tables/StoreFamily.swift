package import CapabilityGraph
package import UCAN

/// What a family of protocols adds to the store: what its decisions and listings read, kept as the log says it, and what
/// the end of its edges takes back.
///
/// `apply` is called for each entry by the writer, right after the entry was made, and by every replay: nothing else may
/// change what the family keeps in memory, or in the tables that it names.
package protocol StoreFamily: AnyObject, Sendable {
    /// The tables that can be dropped and filled again from the log, with the columns that make a row.
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
}

/// A table that is a projection of the log.
package struct ProjectedTable: Sendable {
    package let name: String
    /// In the order of the rows' comparison; together they are the whole row.
    package let columns: [String]
    /// The statements that make the table and its indexes.
    package let schema: [String]
    /// Rows that are forgotten once their time is over; a condition on `?1`, the time in microseconds, nil for none.
    package let forgotten: String?

    package init(_ name: String, columns: [String], schema: [String], forgotten: String? = nil) {
        self.name = name
        self.columns = columns
        self.schema = schema
        self.forgotten = forgotten
    }
}

/// Writes tables in one transaction.
package protocol TableWriter: TableReader {
    func run(_ sql: String, _ values: [SQLValue]) throws
}

extension TableConnection: TableWriter {}
