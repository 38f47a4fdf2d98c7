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
        try onOneState { () throws(StorageError) in
            var tokens: [[UInt8]?] = []
            tokens.reserveCapacity(revisions.count)
            for revision in revisions { tokens.append(try token(revision)?.bytes) }
            return tokens
        }
    }

    /// Gives tokens that are what their names say; throws `corrupt` for the first that is not.
    func tokens(_ names: [TokenName]) throws(StorageError) -> [[UInt8]] {
        try onOneState { () throws(StorageError) in
            var tokens: [[UInt8]] = []
            tokens.reserveCapacity(names.count)
            for name in names {
                guard let (stored, bytes) = try token(name.revision), stored == name.id, BLAKE3.hash(bytes) == name.id
                else {
                    throw StorageError(
                        .corrupt,
                        "the token of entry \(name.revision) in `\(path)` is damaged or missing",
                        hint: "restore it from a backup"
                    )
                }
                tokens.append(bytes)
            }
            return tokens
        }
    }

    private func onOneState<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        try connection.execute("BEGIN")
        do throws(StorageError) {
            let value = try body()
            try connection.execute("COMMIT")
            return value
        } catch {
            connection.rollBack()
            throw error
        }
    }
}
