package import CapabilityGraph
package import UCAN

/// What a table held that the log does not say, or lacked of what it says.
package struct ProjectionDifference: Sendable, Equatable {
    package let table: String
    /// Rows that the log does not say, and rows that it says and the table lacked; a changed row is one of each.
    package let surplus: Int
    package let missing: Int
    /// One of them as SQL literals, for whoever has to understand it.
    package let example: String
}

extension GraphStore {
    /// Compares what families keep in tables with what the log says, on one state of the file, also beside a service.
    ///
    /// `families` are fresh ones, which are filled here. Gives what differs, nothing where all is as it should be; a row
    /// whose time was over may be there or not.
    package static func compareProjections(
        path: String, registry: AbilityRegistry, families: [any StoreFamily], limits: GraphLimits = GraphLimits()
    ) throws -> [ProjectionDifference] {
        let log = try SQLiteLog.open(path: path, mode: .readOnly)
        defer { log.close() }
        return try project(log, registry, families, limits) { tables, scratch in
            try families.flatMap(\.projections).compactMap { try difference(of: $0, tables, scratch) }
        }
    }

    /// Drops what families keep in tables and fills it from the log; gives what differed. Throws `locked` while a service
    /// runs on the file.
    package static func rebuildProjections(
        path: String, registry: AbilityRegistry, families: [any StoreFamily], at now: Timestamp,
        limits: GraphLimits = GraphLimits()
    ) throws -> [ProjectionDifference] {
        // What these tables hold now is what may be wrong.
        var options = SQLiteLogOptions()
        options.mended = Set(families.flatMap(\.projections).map(\.name))
        let names = options.mended
        let log = try SQLiteLog.open(path: path, mode: .existing, options: options)
        defer { log.close() }
        let (found, rows) = try project(log, registry, families, limits) { tables, scratch in
            var found: [ProjectionDifference] = []
            var rows: [(ProjectedTable, [String])] = []
            for table in families.flatMap(\.projections) {
                guard let difference = try difference(of: table, tables, scratch) else { continue }
                found.append(difference)
                rows.append((table, try table.rows(of: scratch, keptAt: now)))
            }
            return (found, rows)
        }
        try log.transaction { tables in
            for (table, rows) in rows { table.refill(tables, rows) }
            try? tables.seal(anew: names)
            return LogBatch()
        }
        return found
    }

    /// Replays a log into tables of its own, in memory, and lends both; what `body` does to the file is one transaction.
    private static func project<Value: Sendable>(
        _ log: SQLiteLog, _ registry: AbilityRegistry, _ families: [any StoreFamily], _ limits: GraphLimits,
        _ body: (TableConnection, TableConnection) throws -> Value
    ) throws -> Value {
        let scratch = try SQLiteConnection(inMemory: ())
        for sql in families.flatMap(\.projections).flatMap(\.schema) { try scratch.execute(sql) }
        let made = TableConnection(scratch)
        let writer = GraphWriter(try Graph(registry: registry, limits: limits))
        return try log.onOneState { store in
            try replay(store.lastRevision, store.forEachEntry, into: writer, families, to: made)
            return try body(TableConnection(store.connection), made)
        }
    }

    private static func difference(
        of table: ProjectedTable, _ tables: TableConnection, _ scratch: TableConnection
    ) throws -> ProjectionDifference? {
        let held = Set(try table.rows(of: tables))
        let said = Set(try table.rows(of: scratch))
        // Rows whose time is over are taken out when the service gets to it: only one that is there can be wrong.
        let surplus = held.subtracting(said)
        let missing = table.forgotten == nil ? said.subtracting(held) : []
        guard !surplus.isEmpty || !missing.isEmpty else { return nil }
        return ProjectionDifference(
            table: table.name, surplus: surplus.count, missing: missing.count,
            example: surplus.min() ?? missing.min() ?? "")
    }
}

extension ProjectedTable {
    /// Puts rows in the place of all there are; what fails ends the transaction.
    fileprivate func refill(_ tables: TableConnection, _ rows: [String]) {
        try? tables.run("DELETE FROM \(name)", [])
        for row in rows {
            // Made of literals that the database itself wrote.
            try? tables.run("INSERT INTO \(name)(\(columns.joined(separator: ", "))) VALUES(\(row))", [])
        }
    }

    /// All rows, or those that are not forgotten at a time, each as a list of SQL literals, in one order.
    fileprivate func rows(of tables: TableConnection, keptAt now: Timestamp? = nil) throws -> [String] {
        let literals = columns.map { "quote(\($0))" }.joined(separator: " || ', ' || ")
        var values: [SQLValue] = []
        var condition = ""
        if let now, let forgotten {
            condition = "WHERE NOT (\(forgotten))"
            values = [.integer(now.microseconds)]
        }
        return try tables.rows("SELECT \(literals) FROM \(name) \(condition) ORDER BY 1", values) { $0.text(0) }
    }
}
