public import Multiformats

/// Carries one accepted change at its revision.
public struct LogEntry: Sendable {
    /// Position in the log: 1 or more, at most `Int64.max`.
    public let revision: UInt64
    public let kind: UInt8
    /// Microseconds since 1970 UTC.
    public let recordedAt: Int64
    /// Compact binary form, read at every start.
    public let record: [UInt8]
    /// Hash of `token`; present exactly when `token` is.
    public let tokenID: Digest?
    /// Signed bytes as received, kept in a table of their own that a start never reads.
    public let token: [UInt8]?

    public init(
        revision: UInt64,
        kind: UInt8,
        recordedAt: Int64,
        record: [UInt8],
        tokenID: Digest? = nil,
        token: [UInt8]? = nil
    ) {
        self.revision = revision
        self.kind = kind
        self.recordedAt = recordedAt
        self.record = record
        self.tokenID = tokenID
        self.token = token
    }
}

extension LogEntry {
    /// Throws `constraint` for what could not be read back in order.
    func check(after last: UInt64) throws(StorageError) {
        guard revision > last, revision <= UInt64(Int64.max) else {
            throw StorageError(.constraint, "revision \(revision) does not follow \(last)")
        }
        guard (token == nil) == (tokenID == nil) else {
            throw StorageError(.constraint, "revision \(revision) needs a token and its id, or neither")
        }
    }
}
