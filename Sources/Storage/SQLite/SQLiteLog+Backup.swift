import CSQLite

extension SQLiteLog {
    /// Copies the log, as of one revision, to a new file at `path` and reads the copy back; commits go on meanwhile.
    ///
    /// The copy is a complete log of its own. Throws `constraint` when `path` exists, and leaves nothing behind on
    /// failure. Gives the last revision of the copy.
    @discardableResult
    public func backup(to path: String) throws -> UInt64 {
        let source = try currentFile()
        let target = try DatabaseFile(path)
        guard try DatabaseFile.size(target.path) == nil, try DatabaseFile.size(target.writeAheadPath) == nil else {
            throw StorageError(.constraint, "`\(path)` exists already", hint: "name a new file for the backup")
        }
        let temporary = target.path + ".new"
        try DatabaseFile.remove(temporary)
        try DatabaseFile.createPrivate(temporary)
        do {
            try LogBackup.copy(source, to: temporary)
            let revision = try LogBackup.readBack(temporary)
            try DatabaseFile.publish(temporary, as: target.path)
            return revision
        } catch {
            try? DatabaseFile.remove(temporary)
            throw error
        }
    }
}

/// Copies one database file page by page and checks the copy.
private enum LogBackup {
    /// Uses a connection of its own, so that the one that writes is not held up.
    static func copy(_ source: DatabaseFile, to path: String) throws(StorageError) {
        let from = try LogStore.connectForReading(source, SQLiteLogOptions(cacheBytes: 1 << 20))
        let to = try SQLiteConnection(path: path, access: .readWrite)
        try to.execute("PRAGMA synchronous = FULL")
        guard let backup = sqlite3_backup_init(to.handle, "main", from.handle, "main") else {
            throw to.failure(sqlite3_extended_errcode(to.handle))
        }
        // All pages in one step: they come from one state of the source.
        let step = sqlite3_backup_step(backup, -1)
        let finish = sqlite3_backup_finish(backup)
        guard step == SQLITE_DONE, finish == SQLITE_OK else {
            throw to.failure(step == SQLITE_DONE ? finish : step)
        }
    }

    static func readBack(_ path: String) throws -> UInt64 {
        let connection = try SQLiteConnection(path: path, access: .immutable)
        try SchemaFormat.log.checkMarker(connection)
        try SchemaFormat.log.checkSchema(connection)
        let copy = try LogStore(DatabaseFile(path), connection, lock: nil)
        try copy.forEachEntry(after: 0) { _, _, _, _ in }
        _ = try ValueVerification(TableConnection(connection))
        _ = try copy.checkTables(isStart: false)
        return copy.lastRevision
    }
}
