package import CapabilityGraph
package import UCAN

/// What a table held that the log does not say, or lacked of what it says.
package struct ProjectionDifference: Sendable, Equatable {
    package let table: String
    /// Rows that the log does not say, and rows that it says and the table lacked; a changed row is one of each.
    package let surplus: Int
    package let missing: Int
    /// The values of one of them, for whoever has to understand it.
    package let example: String
}

extension GraphStore {
    /// Compares what families keep in tables with what the log says, on one state of the file, also beside a service.
    ///
    /// `families` are fresh ones, which are filled here. Gives what differs, nothing where all is as it should be; a row
    /// whose time was over may be there or not.
    package static func compareProjections(
        path: String, families: [any StoreFamily], limits: GraphLimits = GraphLimits()
    ) throws -> [ProjectionDifference] {
        let log = try SQLiteLog.open(path: path, mode: .readOnly)
        defer { log.close() }
        return try log.onOneState { store in
            try compareProjections(
                store.lastRevision, store.forEachEntry, TableConnection(store.connection), families, limits)
        }
    }

    /// Does the same with the tables of one state and a walk over its log.
    static func compareProjections(
        _ lastRevision: UInt64, _ walk: EntryWalk, _ tables: any TableReader, _ families: [any StoreFamily],
        _ limits: GraphLimits
    ) throws -> [ProjectionDifference] {
        let scratch = try projected(lastRevision, walk, families, limits)
        return try families.flatMap(\.projections).compactMap { try difference(of: $0, tables, scratch) }
    }

    /// Drops what families keep in tables and fills it from the log; gives what differed. Throws `locked` while a service
    /// runs on the file.
    package static func rebuildProjections(
        path: String, families: [any StoreFamily], at now: Timestamp,
        limits: GraphLimits = GraphLimits()
    ) throws -> [ProjectionDifference] {
        // What these tables hold now is what may be wrong.
        var options = SQLiteLogOptions()
        options.tables = families.flatMap(\.tables)
        let names = Set(families.flatMap(\.projections).map(\.schema.name))
        options.mended = names
        options.projections = names
        let log = try SQLiteLog.open(path: path, mode: .existing, options: options)
        defer { log.close() }
        let refill = try log.onOneState { store in
            try ProjectionRefill(
                store.lastRevision, store.forEachEntry, TableConnection(store.connection), families, at: now, limits)
        }
        try log.transaction { tables in
            refill.run(on: tables)
            try? tables.seal(anew: names)
            return LogBatch()
        }
        return refill.found
    }

    /// Replays a log into tables of its own, in memory.
    fileprivate static func projected(
        _ lastRevision: UInt64, _ walk: EntryWalk, _ families: [any StoreFamily], _ limits: GraphLimits
    ) throws -> any TableReader {
        let made = MemorySession()
        let writer = GraphWriter(try Graph(families: Families(of: families), limits: limits))
        try replay(lastRevision, walk, into: writer, families, to: made)
        return made
    }

    fileprivate static func difference(
        of table: ProjectedTable, _ tables: any TableReader, _ scratch: any TableReader
    ) throws -> ProjectionDifference? {
        let held = Set(try table.rows(of: tables))
        let said = Set(try table.rows(of: scratch))
        // Rows whose time is over are taken out when the service gets to it: only one that is there can be wrong.
        let surplus = held.subtracting(said)
        let missing = table.forgottenAt == nil ? said.subtracting(held) : []
        guard !surplus.isEmpty || !missing.isEmpty else { return nil }
        let example = surplus.min(by: precedes) ?? missing.min(by: precedes) ?? []
        return ProjectionDifference(
            table: table.schema.name, surplus: surplus.count, missing: missing.count,
            example: example.map(\.literal).joined(separator: ", "))
    }

    private static func precedes(_ left: [RowValue], _ right: [RowValue]) -> Bool {
        left.lexicographicallyPrecedes(right, by: RowValue.precedes)
    }
}

/// What tables have to hold that do not hold what the log says.
struct ProjectionRefill {
    private(set) var found: [ProjectionDifference] = []
    private var rows: [(ProjectedTable, [[RowValue]])] = []

    /// Reads one state; rows whose time is over at `now` are left out.
    init(
        _ lastRevision: UInt64, _ walk: GraphStore.EntryWalk, _ tables: any TableReader, _ families: [any StoreFamily],
        at now: Timestamp, _ limits: GraphLimits
    ) throws {
        let scratch = try GraphStore.projected(lastRevision, walk, families, limits)
        for table in families.flatMap(\.projections) {
            guard let difference = try GraphStore.difference(of: table, tables, scratch) else { continue }
            found.append(difference)
            rows.append((table, try table.rows(of: scratch, keptAt: now)))
        }
    }

    /// Puts it there; what fails ends the transaction.
    func run(on tables: any TableWriter) {
        for (table, rows) in rows { table.refill(tables, rows) }
    }
}

extension ProjectedTable {
    /// Puts rows in the place of all there are; what fails ends the transaction.
    fileprivate func refill(_ tables: any TableWriter, _ rows: [[RowValue]]) {
        _ = try? tables.delete(schema, [])
        for row in rows {
            let values = zip(schema.columns, row).filter { $0.0.computed == nil }
            _ = try? tables.insert(schema, values.map { Assignment(column: $0, value: $1) })
        }
    }

    /// All rows, or those that are not forgotten at a time, each whole.
    fileprivate func rows(of tables: any TableReader, keptAt now: Timestamp? = nil) throws -> [[RowValue]] {
        var selection = Selection(table: schema)
        if let now, let forgottenAt { selection.terms = [forgottenAt.isAbove(now.microseconds)] }
        var rows: [[RowValue]] = []
        try tables.each(selection) { row in
            rows.append(row.values(of: schema))
            return true
        }
        return rows
    }
}

extension RowValue {
    /// For people; a blob as hexadecimal digits.
    fileprivate var literal: String {
        switch self {
        case .null: "NULL"
        case .integer(let number): "\(number)"
        case .text(let text): "'\(text)'"
        case .blob(let bytes): "x'\(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined())'"
        }
    }
}
