/// A connection with the statements prepared on it so far; one thread at a time uses it.
final class TableConnection: TableSession {
    let connection: SQLiteConnection
    private var statements: [RowShape: Prepared] = [:]
    private var plain: [String: SQLiteStatement] = [:]
    /// The first failure of the database itself. It ends the whole transaction, whatever the caller makes of it: SQLite
    /// may have rolled back already, and what follows would then be written outside.
    private(set) var failure: StorageError?
    /// The number of the state that reads stand on; nil while they stand on none.
    private(set) var state: UInt64?

    /// Sums up what is written, where anything is.
    private let watch: RowWatch?
    private var savedSeals: [TableSeal] = []

    /// A statement, and where it gives the columns that it was asked for.
    private struct Prepared {
        let statement: SQLiteStatement
        let text: String
        let places: ReadPlaces?
    }

    init(_ connection: SQLiteConnection, _ watch: RowWatch? = nil) {
        self.connection = connection
        self.watch = watch
    }

    func openSavepoint() throws(StorageError) {
        try run("SAVEPOINT change")
        savedSeals = watch?.seals ?? []
    }

    func closeSavepoint() throws(StorageError) { try run("RELEASE change") }

    func takeBack() throws(StorageError) {
        try run("ROLLBACK TO change")
        watch?.takeBack(to: savedSeals)
        try closeSavepoint()
    }

    /// Sums up tables that were filled anew.
    func seal(anew names: Set<String>) throws(StorageError) {
        try guarded { () throws(StorageError) in try watch?.seal(anew: names) }
    }

    func clearFailure() { failure = nil }

    // MARK: reading

    /// Has what is read from here on be one state: the one it stands on already where that has this number.
    func stand(on number: UInt64) throws(StorageError) {
        guard state != number else { return }
        leaveState()
        try run("BEGIN")
        // Else the state would be that of the first read, before which more may be committed.
        try run("SELECT 1 FROM sqlite_schema LIMIT 1")
        state = number
    }

    func leaveState() {
        guard state != nil else { return }
        state = nil
        do throws(StorageError) { try run("ROLLBACK") } catch { connection.rollBack() }
    }

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws {
        let prepared = try guarded { () throws(StorageError) in
            try prepare(RowShape(.select, selection), selection) { RowTexts.select(selection) }
        }
        try step(prepared.statement, RowTexts.values(selection)) { statement in
            try body(Row(source: statement, places: prepared.places))
        }
    }

    func count(_ selection: Selection) throws -> Int64 {
        try number(RowShape(.count, selection), selection) { RowTexts.count(selection) }
    }

    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        try number(RowShape(.sum, selection, column), selection) { RowTexts.sum(column, selection) }
    }

    private func number(_ shape: RowShape, _ selection: Selection, _ text: () -> String) throws -> Int64 {
        let prepared = try guarded { () throws(StorageError) in try prepare(shape, nil, text) }
        var number: Int64 = 0
        try step(prepared.statement, RowTexts.values(selection)) { statement in
            number = statement.integer(0)
            return false
        }
        return number
    }

    private func step(
        _ statement: SQLiteStatement, _ values: [RowValue], _ body: (SQLiteStatement) throws -> Bool
    ) throws {
        statement.isBusy = true
        defer {
            statement.reset()
            statement.isBusy = false
        }
        try guarded { () throws(StorageError) in try statement.bind(values) }
        while try guarded({ () throws(StorageError) in try statement.step() }) {
            guard try body(statement) else { return }
        }
    }

    // MARK: writing

    func insert(_ table: TableSchema, _ values: [Assignment]) throws(StorageError) -> Int64 {
        var shape = RowShape(.insert, table)
        shape.add(values)
        try write(shape, values.map(\.value)) { RowTexts.insert(table, values) }
        if case .number = table.key { return connection.lastNumber }
        return 0
    }

    func put(
        _ table: TableSchema, _ values: [Assignment], updating columns: [ColumnDefinition]
    ) throws(StorageError) {
        var shape = RowShape(.put, table)
        shape.add(values)
        shape.add(columns)
        try write(shape, values.map(\.value)) { RowTexts.put(table, values, updating: columns) }
    }

    func update(_ table: TableSchema, _ changes: [Assignment], _ terms: [Term]) throws(StorageError) -> Int {
        var shape = RowShape(.update, table)
        shape.add(changes)
        shape.add(terms)
        try write(shape, changes.map(\.value) + RowTexts.values(terms)) { RowTexts.update(table, changes, terms) }
        return connection.changeCount
    }

    func delete(_ table: TableSchema, _ terms: [Term]) throws(StorageError) -> Int {
        var shape = RowShape(.delete, table)
        shape.add(terms)
        try write(shape, RowTexts.values(terms)) { RowTexts.delete(table, terms) }
        return connection.changeCount
    }

    private func write(
        _ shape: RowShape, _ values: [RowValue], _ text: () -> String
    ) throws(StorageError) {
        try guarded { () throws(StorageError) in
            let statement = try prepare(shape, nil, text).statement
            defer { statement.reset() }
            try statement.bind(values)
            while try statement.step() {}
        }
    }

    private func prepare(
        _ shape: RowShape, _ selection: Selection?, _ text: () -> String
    ) throws(StorageError) -> Prepared {
        if let known = statements[shape] {
            guard known.statement.isBusy else { return known }
            return Prepared(
                statement: try connection.prepare(known.text), text: known.text, places: known.places)
        }
        let sql = text()
        let prepared = Prepared(
            statement: try connection.prepare(sql), text: sql, places: selection.flatMap { ReadPlaces($0) })
        statements[shape] = prepared
        return prepared
    }

    private func guarded<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        if let failure { throw failure }
        do throws(StorageError) {
            return try body()
        } catch {
            failure = error
            throw error
        }
    }
}

extension SQLiteStatement: RowSource {
    func integer(_ place: Int) -> Int64 { integer(Int32(truncatingIfNeeded: place)) }
    func text(_ place: Int) -> String { text(Int32(truncatingIfNeeded: place)) }
    func bytes(_ place: Int) -> [UInt8] { bytes(Int32(truncatingIfNeeded: place)) }
    func isNull(_ place: Int) -> Bool { isNull(Int32(truncatingIfNeeded: place)) }

    func withBytes(_ place: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows {
        try body(blob(Int32(truncatingIfNeeded: place)))
    }
}

// MARK: words of SQL

/// Runs SQL past the typed rows: this engine's own work, and tests that look at what is stored.
package protocol SQLAccess: AnyObject {
    func each(_ sql: String, _ values: [RowValue], _ body: (any RowSource) throws -> Bool) throws
    func run(_ sql: String, _ values: [RowValue]) throws(StorageError)
}

extension TableConnection: SQLAccess {
    func each(_ sql: String, _ values: [RowValue], _ body: (any RowSource) throws -> Bool) throws {
        let statement = try guarded { () throws(StorageError) in try prepare(sql) }
        try step(statement, values, body)
    }

    func run(_ sql: String, _ values: [RowValue] = []) throws(StorageError) {
        try guarded { () throws(StorageError) in
            let statement = try prepare(sql)
            defer { statement.reset() }
            try statement.bind(values)
            while try statement.step() {}
        }
    }

    private func prepare(_ sql: String) throws(StorageError) -> SQLiteStatement {
        if let known = plain[sql] {
            if !known.isBusy { return known }
            return try connection.prepare(sql)
        }
        let statement = try connection.prepare(sql)
        plain[sql] = statement
        return statement
    }
}
