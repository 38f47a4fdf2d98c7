/// Counts what a verification has read.
public struct LogSummary: Equatable, Sendable {
    public let lastRevision: UInt64
    public let entryCount: Int
    public let tokenCount: Int
    public let markCount: Int
    /// Values of the key-value plane.
    public let valueCount: Int
    /// Rows of all tables beside the log's own.
    public let rowCount: Int

    public init(
        lastRevision: UInt64, entryCount: Int, tokenCount: Int, markCount: Int, valueCount: Int = 0, rowCount: Int = 0
    ) {
        self.lastRevision = lastRevision
        self.entryCount = entryCount
        self.tokenCount = tokenCount
        self.markCount = markCount
        self.valueCount = valueCount
        self.rowCount = rowCount
    }
}
