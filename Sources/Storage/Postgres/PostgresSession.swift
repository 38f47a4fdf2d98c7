/// Writes typed rows inside the one transaction of a writer's connection.
final class PostgresSession: TableSession {
    private let rows: PostgresRows
    /// The first failure. The server has taken the transaction back with it, whatever the caller makes of it.
    private(set) var failure: StorageError?
    /// True once the connection is gone, and the transaction with it.
    var isLost: Bool { rows.connection.isLost }

    init(_ rows: PostgresRows) { self.rows = rows }

    // MARK: reading

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws {
        // What the body throws is its own; what the engine throws ends the transaction.
        var thrown: (any Error)?
        do {
            if let failure { throw failure }
            try rows.each(selection) { row in
                do { return try body(row) } catch {
                    thrown = error
                    return false
                }
            }
        } catch let error as StorageError {
            throw failed(error)
        }
        if let thrown { throw thrown }
    }

    func count(_ selection: Selection) throws -> Int64 { try read { try rows.count(selection) } }

    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        try read { try rows.sum(column, selection) }
    }

    private func read(_ body: () throws -> Int64) throws -> Int64 {
        if let failure { throw failure }
        do { return try body() } catch let error as StorageError { throw failed(error) }
    }

    // MARK: writing

    func insert(_ table: TableSchema, _ values: [Assignment]) throws(StorageError) -> Int64 {
        var shape = RowShape(.insert, table)
        shape.add(values)
        let result = try write(shape, values, []) { PostgresTexts.insert(table, values) }
        guard case .number = table.key, result.rowCount == 1 else { return 0 }
        return result.integer(0, 0)
    }

    func put(
        _ table: TableSchema, _ values: [Assignment], updating columns: [ColumnDefinition]
    ) throws(StorageError) {
        var shape = RowShape(.put, table)
        shape.add(values)
        shape.add(columns)
        _ = try write(shape, values, []) { PostgresTexts.put(table, values, updating: columns) }
    }

    func update(_ table: TableSchema, _ changes: [Assignment], _ terms: [Term]) throws(StorageError) -> Int {
        var shape = RowShape(.update, table)
        shape.add(changes)
        shape.add(terms)
        return try write(shape, changes, terms) {
            PostgresTexts.own(RowTexts.update(table, changes, terms))
        }.changeCount
    }

    func delete(_ table: TableSchema, _ terms: [Term]) throws(StorageError) -> Int {
        var shape = RowShape(.delete, table)
        shape.add(terms)
        return try write(shape, [], terms) { PostgresTexts.own(RowTexts.delete(table, terms)) }.changeCount
    }

    private func write(
        _ shape: RowShape, _ assignments: [Assignment], _ terms: [Term], _ text: () -> String
    ) throws(StorageError) -> PostgresResult {
        try guarded { () throws(StorageError) in
            var values: [PostgresValue] = []
            for assignment in assignments {
                values.append(try PostgresRows.value(assignment.value, assignment.column))
            }
            values += try PostgresRows.values(terms)
            let sql = rows.text(shape, text)
            return try rows.failing { () throws(PostgresFailure) in try rows.connection.query(sql, values) }
        }
    }

    // MARK: savepoints

    func openSavepoint() throws(StorageError) { try execute("SAVEPOINT change") }
    func closeSavepoint() throws(StorageError) { try execute("RELEASE SAVEPOINT change") }

    func takeBack() throws(StorageError) {
        try execute("ROLLBACK TO SAVEPOINT change")
        try closeSavepoint()
    }

    private func execute(_ sql: String) throws(StorageError) {
        try guarded { () throws(StorageError) in
            try rows.failing { () throws(PostgresFailure) in try rows.connection.execute(sql) }
        }
    }

    private func guarded<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        if let failure { throw failure }
        do throws(StorageError) { return try body() } catch { throw failed(error) }
    }

    private func failed(_ error: StorageError) -> StorageError {
        failure = failure ?? error
        return error
    }
}
