import CSQLite

/// Holds one prepared statement for many runs.
///
/// A bound blob is not copied: its bytes must stay where they are until `run` or `reset` returns.
final class SQLiteStatement {
    private let connection: SQLiteConnection
    private let handle: OpaquePointer
    /// True while it is being stepped: a query inside a row of the same query gets a statement of its own.
    var isBusy = false

    init(_ sql: String, on connection: SQLiteConnection) throws(StorageError) {
        var handle: OpaquePointer?
        let status = sqlite3_prepare_v3(connection.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard status == SQLITE_OK, let prepared = handle else { throw connection.failure(status) }
        self.connection = connection
        self.handle = prepared
    }

    deinit { sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: Int64) {
        sqlite3_bind_int64(handle, index, value)
    }

    /// Binds bytes in place; an empty blob is bound as such, not as null.
    func bind(_ index: Int32, inPlace bytes: UnsafeRawBufferPointer) throws(StorageError) {
        let status: Int32
        if let start = bytes.baseAddress, !bytes.isEmpty {
            guard let count = Int32(exactly: bytes.count) else {
                throw StorageError(.constraint, "a stored value of \(bytes.count) bytes is too long")
            }
            status = capSQLiteBindBlobStatic(handle, index, start, count)
        } else {
            status = sqlite3_bind_zeroblob(handle, index, 0)
        }
        guard status == SQLITE_OK else { throw connection.failure(status) }
    }

    /// Binds a copy of the text.
    func bind(_ index: Int32, text: String) throws(StorageError) {
        let status = capSQLiteBindTextTransient(handle, index, text, Int32(clamping: text.utf8.count))
        guard status == SQLITE_OK else { throw connection.failure(status) }
    }

    /// Binds copies of the values to the parameters from 1 on.
    func bind(_ values: [RowValue]) throws(StorageError) {
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: sqlite3_bind_null(handle, place)
            case .integer(let number): bind(place, number)
            case .text(let text): try bind(place, text: text)
            case .blob(let bytes):
                guard let count = Int32(exactly: bytes.count) else {
                    throw StorageError(.constraint, "a stored value of \(bytes.count) bytes is too long")
                }
                let status =
                    bytes.isEmpty
                    ? sqlite3_bind_zeroblob(handle, place, 0)
                    : capSQLiteBindBlobTransient(handle, place, bytes, count)
                guard status == SQLITE_OK else { throw connection.failure(status) }
            }
        }
    }

    /// Moves to the next row; false after the last.
    func step() throws(StorageError) -> Bool {
        let status = sqlite3_step(handle)
        switch status {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw connection.failure(status)
        }
    }

    /// Runs a statement that gives no rows, and makes it ready for the next run.
    func run() throws(StorageError) {
        defer { reset() }
        while try step() {}
    }

    /// Ends the run and forgets the bound values, so that none outlives its bytes.
    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// Gives the column's own bytes, good until the next `step` or `reset`.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }

    func bytes(_ column: Int32) -> [UInt8] { [UInt8](blob(column)) }

    func text(_ column: Int32) -> String { String(decoding: blob(column), as: UTF8.self) }

    /// Gives the column's value itself, good until the next `step` or `reset`.
    func value(_ column: Int32) -> OpaquePointer? { sqlite3_column_value(handle, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
}
