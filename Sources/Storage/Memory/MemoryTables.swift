/// The tables of the engine in memory, as a value: to copy it is to keep a state.
struct MemoryTables: Sendable {
    private var tables: [String: MemoryTable] = [:]

    func rows(_ selection: Selection) -> [[RowValue]] { tables[selection.table.name]?.rows(selection) ?? [] }

    /// Changes one table, which is made with its first row.
    mutating func change<Value>(
        _ schema: TableSchema, _ body: (inout MemoryTable) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        try body(&tables[schema.name, default: MemoryTable(schema)])
    }
}

/// Reads and writes one state of tables in memory; one thread at a time uses it.
final class MemorySession: TableSession {
    private(set) var tables: MemoryTables
    private(set) var failure: StorageError?
    private var saved: MemoryTables?

    init(_ tables: MemoryTables = MemoryTables()) { self.tables = tables }

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws {
        if let failure { throw failure }
        try tables.each(selection, body)
    }

    func count(_ selection: Selection) throws -> Int64 { Int64(tables.rows(selection).count) }
    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 { tables.sum(column, selection) }

    func insert(_ table: TableSchema, _ values: [Assignment]) throws(StorageError) -> Int64 {
        try change(table) { (table) throws(StorageError) in try table.insert(values) }
    }

    func put(
        _ table: TableSchema, _ values: [Assignment], updating columns: [ColumnDefinition]
    ) throws(StorageError) {
        try change(table) { (table) throws(StorageError) in try table.put(values, updating: columns) }
    }

    func update(_ table: TableSchema, _ changes: [Assignment], _ terms: [Term]) throws(StorageError) -> Int {
        try change(table) { (table) throws(StorageError) in try table.update(changes, terms) }
    }

    func delete(_ table: TableSchema, _ terms: [Term]) throws(StorageError) -> Int {
        try change(table) { (table) throws(StorageError) in table.delete(terms) }
    }

    private func change<Value>(
        _ schema: TableSchema, _ body: (inout MemoryTable) throws(StorageError) -> Value
    ) throws(StorageError) -> Value {
        if let failure { throw failure }
        do throws(StorageError) {
            return try tables.change(schema, body)
        } catch {
            failure = error
            throw error
        }
    }

    func openSavepoint() throws(StorageError) { saved = tables }
    func closeSavepoint() throws(StorageError) { saved = nil }

    func takeBack() throws(StorageError) {
        if let failure { throw failure }
        if let saved { tables = saved }
        saved = nil
    }
}

extension MemoryTables {
    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws {
        let places = ReadPlaces(selection)
        for row in rows(selection) {
            let values = selection.columns.isEmpty ? row : selection.columns.map { row[$0.place] }
            guard try body(Row(source: MemoryRow(values), places: places)) else { return }
        }
    }

    func sum(_ column: ColumnDefinition, _ selection: Selection) -> Int64 {
        rows(selection).reduce(0) { sum, row in
            if case .integer(let value) = row[column.place] { sum + value } else { sum }
        }
    }
}

/// One row of a state in memory.
private final class MemoryRow: RowSource {
    private let values: [RowValue]

    init(_ values: [RowValue]) { self.values = values }

    func integer(_ place: Int) -> Int64 { if case .integer(let value) = values[place] { value } else { 0 } }
    func text(_ place: Int) -> String { if case .text(let value) = values[place] { value } else { "" } }
    func bytes(_ place: Int) -> [UInt8] { if case .blob(let value) = values[place] { value } else { [] } }
    func isNull(_ place: Int) -> Bool { values[place].isNull }

    func withBytes(_ place: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try bytes(place).withUnsafeBytes(body)
    }
}
