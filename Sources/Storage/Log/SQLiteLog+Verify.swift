import Multiformats

/// Counts what a verification has read.
public struct LogSummary: Equatable, Sendable {
    public let lastRevision: UInt64
    public let entryCount: Int
    public let tokenCount: Int
    public let markCount: Int
}

extension SQLiteLog {
    /// Reads everything stored and checks it: pages, entries, marks, and each token against its id (BLAKE3).
    ///
    /// Takes seconds for a million entries and works on a connection of its own, so commits go on. Throws `corrupt`
    /// at the first fault.
    public func verify() throws -> LogSummary {
        let file = try currentFile()
        let connection = try LogStore.connectForReading(file, SQLiteLogOptions())
        let check = try connection.prepare("PRAGMA quick_check(1)")
        guard try check.step(), check.text(0) == "ok" else {
            throw StorageError(
                .corrupt,
                "`\(file.path)` is damaged: \(check.text(0))",
                hint: "restore it from a backup"
            )
        }
        try SchemaFormat.log.checkSchema(connection)
        let store = try LogStore(file, connection, lock: nil)
        var entries = 0
        try store.forEachEntry(after: 0) { _, _, _, _ in entries += 1 }
        return LogSummary(
            lastRevision: store.lastRevision,
            entryCount: entries,
            tokenCount: try store.checkTokens(),
            markCount: try store.marks(notBefore: 0).count
        )
    }
}

extension LogStore {
    /// Checks that each token hashes to its id and belongs to an entry; gives their number.
    fileprivate func checkTokens() throws(StorageError) -> Int {
        let query = try connection.prepare(
            """
            SELECT token.revision, id, bytes, log.revision FROM token LEFT JOIN log USING (revision) \
            WHERE token.revision <= ?1 ORDER BY token.revision
            """
        )
        query.bind(1, Int64(clamping: lastRevision))
        var count = 0
        while try query.step() {
            let id = Digest(query.blob(1))
            guard let id, BLAKE3.hash(query.blob(2)) == id, !query.isNull(3) else {
                throw damaged("the token of entry \(query.integer(0))")
            }
            count += 1
        }
        return count
    }
}
