/// Counts what a verification has read.
public struct LogSummary: Equatable, Sendable {
    public let lastRevision: UInt64
    public let entryCount: Int
    public let tokenCount: Int
    public let markCount: Int

    public init(lastRevision: UInt64, entryCount: Int, tokenCount: Int, markCount: Int) {
        self.lastRevision = lastRevision
        self.entryCount = entryCount
        self.tokenCount = tokenCount
        self.markCount = markCount
    }
}
