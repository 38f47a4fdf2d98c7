public import Multiformats
import Synchronization

/// Reads signed tokens by revision, from many threads at once, beside the process that writes.
public final class TokenReader: Sendable {
    private let pool: ConnectionPool

    /// Opens the log at `path` for reading, with at most `maxConnections` readers at work at a time.
    public init(path: String, maxConnections: Int = 4) throws(StorageError) {
        pool = try ConnectionPool(file: DatabaseFile(path), limit: max(1, maxConnections))
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
        try pool.use { (query) throws(StorageError) in
            guard let (stored, bytes) = try query.token(revision), stored == id, BLAKE3.hash(bytes) == id else {
                throw StorageError(
                    .corrupt,
                    "the token of entry \(revision) in `\(query.path)` is damaged or missing",
                    hint: "restore it from a backup"
                )
            }
            return bytes
        }
    }

    /// Gives the tokens at `revisions`, in that order and from one state of the log; nil where an entry has none.
    public func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        try pool.use { (query) throws(StorageError) in try query.tokens(revisions) }
    }

    /// Lets go of the file once the reads under way are done; later calls throw `closed`.
    public func close() { pool.close() }
}
