/// Rows of an older release on their way into the log; empty once the store was opened. `row` is JSON.
package enum TakeoverTable: Table {
    package static let id = Column<Int64>("id", at: 0)
    package static let kind = Column<String>("kind", at: 1)
    package static let row = Column<String>("row", at: 2)

    package static let schema = TableSchema("takeover", [id, kind, row], key: .number(id))
}
