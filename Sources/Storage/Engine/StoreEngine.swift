/// Keeps the ordered log of accepted changes, and what has to last beside it.
package protocol Log: AnyObject, Sendable {
    /// The revision of the last durable entry, 0 for an empty log.
    var lastRevision: UInt64 { get }

    /// Writes the batch in one transaction; durable when it returns, and wholly absent when it throws.
    func commit(_ batch: LogBatch) throws(StorageError)

    /// Walks the entries above `revision` in order, lending each record's bytes for the length of the call.
    ///
    /// Throws `corrupt` at the first entry that is missing or not as it was written, and whatever `body` throws.
    func forEachEntry(
        after revision: UInt64,
        _ body: (
            _ revision: UInt64, _ kind: UInt8, _ recordedAt: Int64, _ record: UnsafeRawBufferPointer
        ) throws -> Void
    ) throws

    /// Gives the marks that expire at `time` or later, in microseconds since 1970 UTC.
    func marks(notBefore time: Int64) throws(StorageError) -> [ReplayMark]

    /// Gives the value kept under `key`, e.g. the node's own key.
    func meta(_ key: String) throws(StorageError) -> [UInt8]?

    /// Keeps `value` under `key`; durable when it returns.
    func setMeta(_ key: String, _ value: [UInt8]) throws(StorageError)
}

/// Reads signed tokens, from many threads at once.
package protocol TokenSource: AnyObject, Sendable {
    /// Gives the tokens at `revisions`, in that order and from one state of the log; nil where an entry has none.
    func tokens(revisions: [UInt64]) throws(StorageError) -> [[UInt8]?]
    /// Gives tokens that are what their names say; throws `corrupt` for the first that is not.
    func tokens(_ names: [TokenName]) throws(StorageError) -> [[UInt8]]
    /// Lets go of what it reads; later calls throw `closed`.
    func close()
}

/// Where a store lasts: a log and tables that change with it in one transaction.
///
/// One thread writes; any number read. The conformance suite (`Tests/StorageTests/Engine`) says what every engine has to do.
package protocol StoreEngine: Log {
    var tokens: any TokenSource { get }

    /// True where a server holds what is kept, which other nodes may ask as well: to read waits for a network, and what is
    /// known in memory alone the next node does not know.
    var isRemote: Bool { get }

    /// Runs `body` on the tables and writes the batch it gives, all in one transaction; nil takes everything back.
    ///
    /// A failure of the engine inside `body` ends the transaction even when `body` goes on.
    func transaction(_ body: (any TableSession) -> LogBatch?) throws(StorageError)

    /// Throws `notFresh` where another node may have acknowledged what is not known here. What is answered has to be looked
    /// up after this returns.
    func enter() throws(StorageError)

    /// Opens one consistent state of the tables, after `enter`; `closed` after `close`.
    func openReadSession() throws(StorageError) -> any ReadSession

    /// Copies everything, consistent at one revision, to a file while changes go on; gives that revision.
    func backup(to path: String) throws -> UInt64

    /// Lets go of everything; later calls throw `closed`.
    func close()
}

extension StoreEngine {
    package var isRemote: Bool { false }
    /// Nobody else has what lies in a file or in memory.
    package func enter() throws(StorageError) {}
}
