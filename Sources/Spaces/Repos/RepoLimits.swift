/// Bounds what one repo, account and answer may take (atproto-spaces.md 7 and 23).
package struct RepoLimits: Sendable, Hashable {
    /// Writes of one batch.
    package var maxWrites = 200
    /// Points an account may spend in an hour and in a day; create costs 3, update 2, delete 1.
    package var hourlyPoints: Int64 = 5_000
    package var dailyPoints: Int64 = 35_000
    /// How long an idempotency key answers with its first outcome, in microseconds.
    package var writeKeyLifetime: Int64 = 24 * 3600 * 1_000_000
    /// Bytes of an idempotency key.
    package var maxWriteKeyBytes = 256
    /// Bytes of one blob.
    package var maxBlobBytes = 5 << 20
    /// Bytes an account may hold in blobs that no record refers to.
    package var maxTemporaryBlobBytes: Int64 = 256 << 20
    /// How long a blob without a reference is kept, in microseconds.
    package var temporaryBlobLifetime: Int64 = 3600 * 1_000_000
    /// Operations a repo's log always keeps.
    package var keptOperations: Int64 = 10_000
    /// Age up to which operations are kept beyond that count, in microseconds.
    package var keptOperationAge: Int64 = 30 * 24 * 3600 * 1_000_000
    /// Bytes of records after which a page ends early, with a cursor.
    package var maxPageBytes = 8 << 20
    /// Records of a space that one page looks at, whether it gives them or not; the revision it is in is looked at whole.
    package var maxScannedRecords = 10_000

    package init() {}
}
