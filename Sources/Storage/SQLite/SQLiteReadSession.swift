/// Holds one read-only connection on one consistent state of the tables until it is closed or let go.
///
/// Unchecked because one thread at a time uses it, as its owner sees to; the connection is in nobody else's hands.
final class SQLiteReadSession: ReadSession, @unchecked Sendable {
    private let pool: ConnectionPool<TableConnection>
    private var tables: TableConnection?

    init(_ pool: ConnectionPool<TableConnection>) throws(StorageError) {
        self.pool = pool
        let tables = try pool.take()
        do throws(StorageError) {
            try tables.connection.execute("BEGIN")
        } catch {
            pool.giveBack(nil)
            throw error
        }
        self.tables = tables
    }

    deinit { close() }

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws { try opened().each(selection, body) }
    func count(_ selection: Selection) throws -> Int64 { try opened().count(selection) }
    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        try opened().sum(column, selection)
    }

    private func opened() throws(StorageError) -> TableConnection {
        guard let tables else { throw StorageError(.closed, "the read session is closed") }
        return tables
    }

    /// Gives the connection back; one that failed is thrown away with its cause.
    func close() {
        guard let tables else { return }
        self.tables = nil
        tables.connection.rollBack()
        pool.giveBack(tables.failure == nil ? tables : nil)
    }
}

extension SQLiteReadSession: SQLAccess {
    func each(_ sql: String, _ values: [RowValue], _ body: (any RowSource) throws -> Bool) throws {
        try opened().each(sql, values, body)
    }

    func run(_ sql: String, _ values: [RowValue]) throws(StorageError) { try opened().run(sql, values) }
}
