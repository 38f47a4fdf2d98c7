/// Holds what one transaction writes.
public struct LogBatch: Sendable {
    /// In strictly increasing order of revision, all above the log's last.
    public var entries: [LogEntry]
    public var marks: [ReplayMark]
    /// Lets go of marks that expired before this time, in microseconds since 1970 UTC.
    ///
    /// Marks are kept in groups and a group goes when its last mark has expired; a commit removes a bounded number.
    public var forgetMarksBefore: Int64?

    public init(entries: [LogEntry] = [], marks: [ReplayMark] = [], forgetMarksBefore: Int64? = nil) {
        self.entries = entries
        self.marks = marks
        self.forgetMarksBefore = forgetMarksBefore
    }
}
