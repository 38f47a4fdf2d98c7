/// Holds one read-only connection on one consistent state of the tables until it is closed or let go.
///
/// Unchecked because one thread at a time uses it, as its owner sees to; the connection is in nobody else's hands.
final class SQLiteReadSession: ReadSession, @unchecked Sendable {
    private let readers: SnapshotReaders
    private var tables: TableConnection?
    let stateNumber: UInt64?

    init(_ readers: SnapshotReaders) throws(StorageError) {
        self.readers = readers
        (tables, stateNumber) = try readers.take()
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

    func close() {
        guard let tables else { return }
        self.tables = nil
        readers.giveBack(tables)
    }
}

extension SQLiteReadSession: SQLAccess {
    func each(_ sql: String, _ values: [RowValue], _ body: (any RowSource) throws -> Bool) throws {
        try opened().each(sql, values, body)
    }

    func run(_ sql: String, _ values: [RowValue]) throws(StorageError) { try opened().run(sql, values) }
}
