/// Reads tables in one consistent state. Statements are kept by their text, so the text is constant and values are bound.
package protocol TableReader: AnyObject {
    /// Gives each row to `body` until it answers false.
    func each(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Bool) throws
}

extension TableReader {
    package func rows<Value>(
        _ sql: String, _ values: [SQLValue] = [], _ map: (SQLRow) throws -> Value
    ) throws -> [Value] {
        var result: [Value] = []
        try each(sql, values) { row in
            result.append(try map(row))
            return true
        }
        return result
    }

    package func first<Value>(
        _ sql: String, _ values: [SQLValue] = [], _ map: (SQLRow) throws -> Value
    ) throws -> Value? {
        var result: Value?
        try each(sql, values) { row in
            result = try map(row)
            return false
        }
        return result
    }

    /// True when the query gives a row.
    package func exists(_ sql: String, _ values: [SQLValue] = []) throws -> Bool {
        try first(sql, values) { _ in true } ?? false
    }
}

/// A connection with the statements prepared on it so far; one thread at a time uses it.
final class TableConnection: TableReader {
    let connection: SQLiteConnection
    private var statements: [String: SQLiteStatement] = [:]
    /// Statements being stepped: a query inside a row of the same query gets a statement of its own.
    private var busy: Set<ObjectIdentifier> = []
    /// The first failure of the database itself. It ends the whole transaction, whatever the caller makes of it: SQLite
    /// may have rolled back already, and what follows would then be written outside.
    private(set) var failure: StorageError?

    /// Sums up what is written, where anything is.
    private let watch: RowWatch?

    init(_ connection: SQLiteConnection, _ watch: RowWatch? = nil) {
        self.connection = connection
        self.watch = watch
    }

    /// Opens a savepoint, to which `takeBack` returns; gives what it needs for that.
    func openSavepoint() throws(StorageError) -> [TableSeal] {
        try run("SAVEPOINT change", [])
        return watch?.seals ?? []
    }

    func closeSavepoint() throws(StorageError) { try run("RELEASE change", []) }

    /// Takes back what was written since the savepoint, and closes it.
    func takeBack(to seals: [TableSeal]) throws(StorageError) {
        try run("ROLLBACK TO change", [])
        watch?.takeBack(to: seals)
        try closeSavepoint()
    }

    /// Sums up tables that were filled anew.
    func seal(anew names: Set<String>) throws(StorageError) {
        try guarded { () throws(StorageError) in try watch?.seal(anew: names) }
    }

    func clearFailure() { failure = nil }

    func each(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
        let statement = try guarded { () throws(StorageError) in try prepare(sql) }
        busy.insert(ObjectIdentifier(statement))
        defer {
            statement.reset()
            busy.remove(ObjectIdentifier(statement))
        }
        try guarded { () throws(StorageError) in try statement.bind(values) }
        while try guarded({ () throws(StorageError) in try statement.step() }) {
            guard try body(SQLRow(statement: statement)) else { return }
        }
    }

    func run(_ sql: String, _ values: [SQLValue]) throws(StorageError) {
        try guarded { () throws(StorageError) in
            let statement = try prepare(sql)
            defer { statement.reset() }
            try statement.bind(values)
            while try statement.step() {}
        }
    }

    private func prepare(_ sql: String) throws(StorageError) -> SQLiteStatement {
        if let known = statements[sql] {
            if !busy.contains(ObjectIdentifier(known)) { return known }
            return try connection.prepare(sql)
        }
        let statement = try connection.prepare(sql)
        statements[sql] = statement
        return statement
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
