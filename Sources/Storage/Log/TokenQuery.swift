import Multiformats

/// Holds one read-only connection and its prepared token query; one thread at a time uses it.
final class TokenQuery {
    let path: String
    private let connection: SQLiteConnection
    private let query: SQLiteStatement

    init(_ file: DatabaseFile) throws(StorageError) {
        path = file.path
        connection = try LogStore.connectForReading(file, SQLiteLogOptions(cacheBytes: 2 << 20))
        query = try connection.prepare("SELECT id, bytes FROM token WHERE revision = ?1")
    }

    func token(_ revision: UInt64) throws(StorageError) -> (id: Digest, bytes: [UInt8])? {
        guard let key = Int64(exactly: revision) else { return nil }
        query.bind(1, key)
        defer { query.reset() }
        guard try query.step() else { return nil }
        guard let id = Digest(query.blob(0)) else {
            throw StorageError(.corrupt, "the token id of entry \(revision) in `\(path)` is damaged")
        }
        return (id, query.bytes(1))
    }

    func tokens(_ revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        try connection.execute("BEGIN")
        do throws(StorageError) {
            var tokens: [[UInt8]?] = []
            tokens.reserveCapacity(revisions.count)
            for revision in revisions { tokens.append(try token(revision)?.bytes) }
            try connection.execute("COMMIT")
            return tokens
        } catch {
            connection.rollBack()
            throw error
        }
    }
}
