import Multiformats

/// Reads tokens beside the writer.
final class PostgresTokens: TokenSource {
    private let readers: PostgresReaders

    init(_ readers: PostgresReaders) { self.readers = readers }

    func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        let found = try readers.query { (connection) throws(PostgresFailure) in try connection.tokens(revisions) }
        return revisions.map { found[$0]?.bytes }
    }

    func tokens(_ names: [TokenName]) throws(StorageError) -> [[UInt8]] {
        let found = try readers.query { (connection) throws(PostgresFailure) in
            try connection.tokens(names.map(\.revision))
        }
        var tokens: [[UInt8]] = []
        for name in names {
            guard let (id, bytes) = found[name.revision], Digest(id) == name.id, BLAKE3.hash(bytes) == name.id else {
                throw .damaged("the token of entry \(name.revision)")
            }
            tokens.append(bytes)
        }
        return tokens
    }

    /// The connections are the engine's.
    func close() {}
}
