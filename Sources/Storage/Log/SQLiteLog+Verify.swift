import Multiformats

extension SQLiteLog {
    /// Reads everything stored and checks it: pages, entries, marks, each token against its id and each value of the
    /// key-value plane against its digest (BLAKE3).
    ///
    /// Takes seconds for a million entries and works on a connection of its own, so commits go on. Throws `corrupt`
    /// at the first fault.
    public func verify() throws -> LogSummary {
        let file = try currentFile()
        let connection = try LogStore.connectForReading(file, SQLiteLogOptions())
        let check = try connection.prepare("PRAGMA quick_check(1)")
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
        return LogSummary(
            lastRevision: store.lastRevision,
            entryCount: entries,
            tokenCount: try store.checkTokens(),
            markCount: try store.marks(notBefore: .min).count,
            valueCount: try store.checkValues()
        )
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
