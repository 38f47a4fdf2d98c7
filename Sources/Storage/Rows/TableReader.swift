/// Reads the rows of tables in one consistent state.
package protocol TableReader: AnyObject {
    /// Gives each row to `body` until it answers false. `body` may read other rows meanwhile.
    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws
    /// How many rows meet the terms.
    func count(_ selection: Selection) throws -> Int64
    /// The sum of a column over the rows that meet the terms, 0 for none.
    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64
    /// Names the durable state that is read: who reads of the same store under the same number reads the same rows. Nil
    /// where an engine cannot tell, and inside a change.
    var stateNumber: UInt64? { get }
}

extension TableReader {
    package var stateNumber: UInt64? { nil }

    /// Gives each row to `body` until it answers false; the row has only the columns that are named, where any is.
    package func each<T: Table>(
        _ table: T.Type, _ columns: [any AnyColumn] = [], where terms: [Term] = [], order: [Order] = [],
        limit: Int? = nil, _ body: (Row) throws -> Bool
    ) throws {
        try each(
            Selection(
                table: T.schema, columns: columns.map(\.definition), terms: terms, order: order, limit: limit), body)
    }

    package func rows<T: Table, Value>(
        _ table: T.Type, _ columns: [any AnyColumn] = [], where terms: [Term] = [], order: [Order] = [],
        limit: Int? = nil, _ map: (Row) throws -> Value
    ) throws -> [Value] {
        var result: [Value] = []
        try each(table, columns, where: terms, order: order, limit: limit) { row in
            result.append(try map(row))
            return true
        }
        return result
    }

    package func first<T: Table, Value>(
        _ table: T.Type, _ columns: [any AnyColumn] = [], where terms: [Term] = [], order: [Order] = [],
        offset: Int = 0, _ map: (Row) throws -> Value
    ) throws -> Value? {
        var result: Value?
        try each(
            Selection(
                table: T.schema, columns: columns.map(\.definition), terms: terms, order: order, limit: 1,
                offset: offset)
        ) { row in
            result = try map(row)
            return false
        }
        return result
    }

    /// True when a row meets the terms.
    package func exists<T: Table>(_ table: T.Type, where terms: [Term] = []) throws -> Bool {
        var isThere = false
        try each(Selection(table: T.schema, columns: T.schema.keyColumns, terms: terms, limit: 1)) { _ in
            isThere = true
            return false
        }
        return isThere
    }

    package func count<T: Table>(_ table: T.Type, where terms: [Term] = []) throws -> Int64 {
        try count(Selection(table: T.schema, terms: terms))
    }

    package func sum<T: Table>(_ column: Column<Int64>, of table: T.Type, where terms: [Term] = []) throws -> Int64 {
        try sum(column.definition, Selection(table: T.schema, terms: terms))
    }
}

/// Writes the rows of tables in one transaction, and reads them as they then are.
package protocol TableWriter: TableReader {
    /// Adds a row; gives its number where the key is one. Throws `constraint` where its key or a unique value is taken.
    @discardableResult
    func insert(_ table: TableSchema, _ values: [Assignment]) throws(StorageError) -> Int64

    /// Adds a row, or updates the one that has its key by the values of some columns.
    func put(_ table: TableSchema, _ values: [Assignment], updating: [ColumnDefinition]) throws(StorageError)

    /// Gives how many rows met the terms and were changed. Unique values are compared row by row, in no order that is
    /// promised: a change that moves rows past each other's values may be refused with `constraint`.
    @discardableResult
    func update(_ table: TableSchema, _ changes: [Assignment], _ terms: [Term]) throws(StorageError) -> Int

    /// Gives how many rows met the terms and are gone.
    @discardableResult
    func delete(_ table: TableSchema, _ terms: [Term]) throws(StorageError) -> Int
}

extension TableWriter {
    @discardableResult
    package func insert<T: Table>(_ table: T.Type, _ values: [Assignment]) throws(StorageError) -> Int64 {
        try insert(T.schema, values)
    }

    /// Adds a row, or gives the one that has its key these values: all of them, or those of the columns named.
    package func put<T: Table>(
        _ table: T.Type, _ values: [Assignment], updating columns: [any AnyColumn]? = nil
    ) throws(StorageError) {
        let keys = T.schema.keyColumns
        let updating =
            columns?.map(\.definition)
            ?? values.map(\.column).filter { column in !keys.contains { $0 === column } }
        try put(T.schema, values, updating: updating)
    }

    @discardableResult
    package func update<T: Table>(
        _ table: T.Type, _ changes: [Assignment], where terms: [Term]
    ) throws(StorageError) -> Int {
        try update(T.schema, changes, terms)
    }

    @discardableResult
    package func delete<T: Table>(_ table: T.Type, where terms: [Term] = []) throws(StorageError) -> Int {
        try delete(T.schema, terms)
    }
}

/// Holds one consistent state of the tables until it is closed or let go.
package protocol ReadSession: TableReader, Sendable {
    func close()
}

/// Writes inside one transaction of an engine.
package protocol TableSession: TableWriter {
    /// The first failure of the engine itself. It ends the whole transaction, whatever the caller makes of it.
    var failure: StorageError? { get }
    /// Opens the one savepoint, to which `takeBack` returns.
    func openSavepoint() throws(StorageError)
    func closeSavepoint() throws(StorageError)
    /// Takes back what was written since the savepoint, and closes it.
    func takeBack() throws(StorageError)
}
