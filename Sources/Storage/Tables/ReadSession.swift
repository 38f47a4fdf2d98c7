/// Holds one read-only connection on one consistent state of the tables until it is closed or let go.
///
/// Unchecked because one thread at a time uses it, as its owner sees to; the connection is in nobody else's hands.
package final class ReadSession: TableReader, @unchecked Sendable {
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

    package func each(_ sql: String, _ values: [SQLValue], _ body: (SQLRow) throws -> Bool) throws {
        guard let tables else { throw StorageError(.closed, "the read session is closed") }
        try tables.each(sql, values, body)
    }

    /// Gives the connection back; one that failed is thrown away with its cause.
    package func close() {
        guard let tables else { return }
        self.tables = nil
        tables.connection.rollBack()
        pool.giveBack(tables.failure == nil ? tables : nil)
    }
}
