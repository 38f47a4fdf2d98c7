import Multiformats

extension SQLiteLog {
    /// Reads everything stored and checks it: pages and indexes, entries, marks, kept values, each token against its id,
    /// each value of the key-value plane against its digest (BLAKE3), and the rows of all tables against the seal.
    ///
    /// Takes seconds for a million entries and works on a connection of its own, so commits go on. Throws `corrupt`
    /// at the first fault.
    public func verify() throws -> LogSummary { try verify { _ in } }

    /// Does the same, and in between what only those who write the tables can check, who throw `corrupt` as well: they can
    /// name the row, while the seal only names the table.
    package func verify(_ checkContent: (any TableReader) throws -> Void) throws -> LogSummary {
        let file = try currentFile()
        let connection = try LogStore.connectForReading(file, SQLiteLogOptions())
        let check = try connection.prepare("PRAGMA integrity_check(1)")
        guard try check.step(), check.text(0) == "ok" else {
            // The first line only names the database.
            let words = check.text(0).split(whereSeparator: \.isNewline).drop { $0.hasPrefix("***") }
            throw StorageError(
                .corrupt,
                "`\(file.path)` is damaged: \(words.first.map(String.init) ?? "its pages do not fit together")",
                hint: "restore it from a backup"
            )
        }
        try SchemaFormat.log.checkSchema(connection)
        let store = try LogStore(file, connection, lock: nil)
        var entries = 0
        try store.forEachEntry(after: 0) { _, _, _, _ in entries += 1 }
        _ = try store.meta("")
        let (tokens, marks) = (try store.checkTokens(), try store.marks(notBefore: .min).count)
        let session = try SQLiteReadSession(SnapshotReaders(file, limit: 1))
        defer { session.close() }
        let values = try ValueVerification(session).count
        try checkContent(session)
        return LogSummary(
            lastRevision: store.lastRevision, entryCount: entries, tokenCount: tokens, markCount: marks,
            valueCount: values, rowCount: try store.checkTables(isStart: false))
    }
}

extension LogStore {
    /// Checks that each token hashes to its id, belongs to an entry and that none is missing; gives their number.
    fileprivate func checkTokens() throws(StorageError) -> Int {
        try onOneState { (seal) throws(StorageError) in
            let query = try connection.prepare(
                "SELECT token.revision, id, bytes, log.revision FROM token LEFT JOIN log USING (revision)"
            )
            var count = 0
            while try query.step() {
                let id = Digest(query.blob(1))
                guard let id, BLAKE3.hash(query.blob(2)) == id, !query.isNull(3) else {
                    throw damaged("the token of entry \(query.integer(0))")
                }
                count += 1
            }
            guard count == seal.tokenCount else { throw damaged("the set of tokens") }
            return count
        }
    }
}
