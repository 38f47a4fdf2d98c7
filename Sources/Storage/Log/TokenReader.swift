public import Multiformats
import Synchronization

/// Reads signed tokens by revision, from many threads at once, beside the process that writes.
public final class TokenReader: Sendable {
    private let source: any TokenSource
    private let cache: TokenCache

    /// Keeps up to `cacheBytes` of checked tokens in memory.
    package init(_ source: any TokenSource, cacheBytes: Int = 16 << 20) {
        self.source = source
        cache = TokenCache(maxBytes: cacheBytes)
    }

    /// Gives the token admitted at `revision`, nil when that entry carries none.
    public func token(revision: UInt64) throws(StorageError) -> [UInt8]? {
        try source.tokens(revisions: [revision])[0]
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
        let read = try source.tokens(missing.map { names[$0] })
        for (place, token) in zip(missing, read) { tokens[place] = token }
        cache.add(tokens, names, at: missing)
        return tokens
    }

    /// Gives the tokens at `revisions`, in that order and from one state of the log; nil where an entry has none.
    public func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?] {
        try source.tokens(revisions: revisions)
    }

    /// Lets go of the file once the reads under way are done; later calls throw `closed`.
    public func close() { source.close() }
}
