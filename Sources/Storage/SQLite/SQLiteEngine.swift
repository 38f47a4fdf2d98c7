/// Keeps a store in one SQLite file.
package final class SQLiteEngine: StoreEngine {
    let log: SQLiteLog
    package let tokens: any TokenSource
    private let readers: SnapshotReaders

    /// Opens the file, making it when there is none, with the tables that are declared beside those of the format. One of
    /// `projections` that a file lacks whose log may say something of it is refused: `capservice rebuild` fills it.
    package init(
        path: String, options: SQLiteLogOptions = SQLiteLogOptions(), tables: [TableSchema] = [],
        projections: [ProjectedTable] = []
    ) throws(StorageError) {
        var options = options
        options.tables = tables
        options.projections = Set(projections.map(\.schema.name))
        log = try SQLiteLog.open(path: path, mode: .create, options: options)
        tokens = try SQLiteTokens(path: path)
        let file = try DatabaseFile(path)
        readers = SnapshotReaders(file, limit: max(1, options.maxReaders), SQLiteLogOptions(cacheBytes: 2 << 20))
    }

    package var lastRevision: UInt64 { log.lastRevision }

    package func commit(_ batch: LogBatch) throws(StorageError) {
        try readers.committing { () throws(StorageError) in try log.commit(batch) }
    }

    package func forEachEntry(
        after revision: UInt64, _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try log.forEachEntry(after: revision, body)
    }

    package func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark] { try log.marks(notBefore: time) }
    package func meta(_ key: String) throws(StorageError) -> [UInt8]? { try log.meta(key) }
    package func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError) { try log.setMeta(key, value) }

    package func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError) {
        try readers.committing { () throws(StorageError) in try log.transaction { body($0) } }
    }

    package func openReadSession() throws(StorageError) -> any ReadSession { try SQLiteReadSession(readers) }

    package func backup(to path: String) throws -> UInt64 { try log.backup(to: path) }

    package func close() {
        readers.close()
        tokens.close()
        log.close()
    }
}
