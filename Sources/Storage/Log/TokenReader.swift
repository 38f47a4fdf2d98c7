public import Multiformats
import Synchronization

/// Reads signed tokens by revision, from many threads at once, beside the process that writes.
public final class TokenReader: Sendable {
    private let pool: ConnectionPool<TokenQuery>
    private let cache: TokenCache

    /// Opens the log at `path` for reading, with at most `maxConnections` readers at work at a time, and keeps up to
    /// `cacheBytes` of checked tokens in memory.
    public init(path: String, maxConnections: Int = 4, cacheBytes: Int = 16 << 20) throws(StorageError) {
        cache = TokenCache(maxBytes: cacheBytes)
        let file = try DatabaseFile(path)
        pool = ConnectionPool(limit: max(1, maxConnections)) { () throws(StorageError) in try TokenQuery(file) }
        // The first connection is made now, so that a wrong path is known at start.
        try pool.use { (_) throws(StorageError) in }
    }

    /// Gives the token admitted at `revision`, nil when that entry carries none.
    public func token(revision: UInt64) throws(StorageError) -> [UInt8]? {
        try pool.use { (query) throws(StorageError) in try query.token(revision)?.bytes }
    }

    /// Gives the token at `revision` after checking that it is the one `id` names: its BLAKE3 hash.
    ///
    /// Throws `corrupt` when it is another or is missing.
    public func token(revision: UInt64, expecting id: Digest) throws(StorageError) -> [UInt8] {
        try tokens([TokenName(revision: revision, id: id)])[0]
    }

    /// Gives the tokens that are named, in that order, each checked as `token(revision:expecting:)` does; those read
    /// lately come from memory, the others in one look at the file.
    public func tokens(_ names: [TokenName]) throws(StorageError) -> [[UInt8]] {
        var tokens = [[UInt8]](repeating: [], count: names.count)
        let missing = cache.find(names, into: &tokens)
        guard !missing.isEmpty else { return tokens }
        let read = try pool.use { (query) throws(StorageError) in try query.tokens(missing.map { names[$0] }) }
        for (place, token) in zip(missing, read) { tokens[place] = token }
        cache.add(tokens, names, at: missing)
        return tokens
    }

    /// Gives the tokens at `revisions`, in that order and from one state of the log; nil where an entry has none.
    public func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        try pool.use { (query) throws(StorageError) in try query.tokens(revisions) }
    }

    /// Lets go of the file once the reads under way are done; later calls throw `closed`.
    public func close() { pool.close() }
}
