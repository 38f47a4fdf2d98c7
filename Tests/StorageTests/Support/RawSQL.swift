import CSQLite
import Testing

/// Changes a database past the storage module.
enum RawSQL {
    static func run(_ sql: String, at path: String) {
        var handle: OpaquePointer?
        #expect(sqlite3_open(path, &handle) == SQLITE_OK)
        #expect(sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK)
        sqlite3_close(handle)
    }
}
