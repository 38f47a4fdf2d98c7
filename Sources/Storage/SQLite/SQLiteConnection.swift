import CSQLite

/// Owns one connection and turns result codes into `StorageError`.
///
/// Opened without SQLite's own mutexes: whoever owns the connection uses it from one thread at a time.
final class SQLiteConnection {
    enum Access {
        case readWrite
        case readOnly
        /// Reads the main file alone, taking no lock and touching nothing: no write-ahead log, no shared memory.
        case immutable
    }

    let path: String
    let handle: OpaquePointer

    init(path: String, access: Access, fileSystem: String? = nil) throws(StorageError) {
        var handle: OpaquePointer?
        var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        var name = path
        switch access {
        case .readWrite: flags |= SQLITE_OPEN_READWRITE
        case .readOnly: flags |= SQLITE_OPEN_READONLY
        case .immutable:
            flags |= SQLITE_OPEN_READONLY | SQLITE_OPEN_URI
            name = SQLiteConnection.uri(path) + "?immutable=1"
        }
        let status = sqlite3_open_v2(name, &handle, flags, fileSystem)
        guard status == SQLITE_OK, let opened = handle else {
            let failure = StorageError(sqlite: status, handle: handle, path: path)
            sqlite3_close_v2(handle)
            throw failure
        }
        self.handle = opened
        self.path = path
    }

    /// Opens a private database in memory, e.g. to learn what a schema looks like.
    init(inMemory: Void) throws(StorageError) {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY
        let status = sqlite3_open_v2(":memory:", &handle, flags, nil)
        guard status == SQLITE_OK, let opened = handle else {
            sqlite3_close_v2(handle)
            throw StorageError(sqlite: status, handle: nil, path: ":memory:")
        }
        self.handle = opened
        self.path = ":memory:"
    }

    /// Statements still alive keep the file open until they go too, so owners drop them first.
    deinit { sqlite3_close_v2(handle) }

    /// Runs statements that take no parameters and whose rows do not matter.
    func execute(_ sql: String) throws(StorageError) {
        let status = sqlite3_exec(handle, sql, nil, nil, nil)
        guard status == SQLITE_OK else { throw failure(status) }
    }

    func prepare(_ sql: String) throws(StorageError) -> SQLiteStatement {
        try SQLiteStatement(sql, on: self)
    }

    /// Reads the single integer a query or pragma gives, 0 when it gives none.
    func integer(_ sql: String) throws(StorageError) -> Int64 {
        let statement = try prepare(sql)
        return try statement.step() ? statement.integer(0) : 0
    }

    /// Runs `body` in one write transaction: all of it lasts, or none of it.
    func transaction(_ body: () throws(StorageError) -> Void) throws(StorageError) {
        try execute("BEGIN IMMEDIATE")
        do throws(StorageError) {
            try body()
            try execute("COMMIT")
        } catch {
            rollBack()
            throw error
        }
    }

    /// Ends the open transaction, if the failure has not already, keeping the first error the one that is told.
    func rollBack() {
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Reads the start of the main file, zeros where it is shorter.
    ///
    /// Through SQLite's own descriptor: opening and closing another one would drop this process's locks on the file.
    func firstBytes(_ count: Int) throws(StorageError) -> [UInt8] {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let found = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard found == SQLITE_OK, let file, let methods = file.pointee.pMethods else { throw failure(SQLITE_CANTOPEN) }
        // A short read fills the rest with zeros; its code is a macro the importer drops.
        var bytes = [UInt8](repeating: 0, count: count)
        let status = methods.pointee.xRead(file, &bytes, Int32(count), 0)
        guard status == SQLITE_OK || status == SQLITE_IOERR | 2 << 8 else { throw failure(status) }
        return bytes
    }

    /// Whether closing moves what is sound of the write-ahead log into the main file and removes the log, as it does unless told
    /// otherwise.
    func checkpointsOnClose(_ isOn: Bool) { _ = capSQLiteCheckpointOnClose(handle, isOn ? 1 : 0) }

    /// Rows the last statement inserted, updated or deleted.
    var changeCount: Int { Int(sqlite3_changes64(handle)) }

    /// The number of the row inserted last.
    var lastNumber: Int64 { sqlite3_last_insert_rowid(handle) }

    func failure(_ status: Int32) -> StorageError {
        StorageError(sqlite: status, handle: handle, path: path)
    }

    /// Escapes everything a URI could read as its own syntax.
    static func uri(_ path: String) -> String {
        let plain = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = Array("file:".utf8)
        for byte in path.utf8 {
            if plain.contains(byte) {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
