/// Reads tokens on connections of its own, beside the process that writes.
final class SQLiteTokens: TokenSource {
    private let pool: ConnectionPool<TokenQuery>

    init(path: String, maxConnections: Int = 4) throws(StorageError) {
        let file = try DatabaseFile(path)
        pool = ConnectionPool(limit: max(1, maxConnections)) { () throws(StorageError) in try TokenQuery(file) }
        // The first connection is made now, so that a wrong path is known at start.
        try pool.use { (_) throws(StorageError) in }
    }

    func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        try pool.use { (query) throws(StorageError) in try query.tokens(revisions) }
    }

    func tokens(_ names: [TokenName]) throws(StorageError) -> [[UInt8]] {
        try pool.use { (query) throws(StorageError) in try query.tokens(names) }
    }

    func close() { pool.close() }
}

extension TokenReader {
    /// Opens the log at `path` for reading, with at most `maxConnections` readers at work at a time, and keeps up to
    /// `cacheBytes` of checked tokens in memory.
    public convenience init(path: String, maxConnections: Int = 4, cacheBytes: Int = 16 << 20) throws(StorageError) {
        self.init(try SQLiteTokens(path: path, maxConnections: maxConnections), cacheBytes: cacheBytes)
    }
}
