/// Bounds how long a call may take.
public struct Timeouts: Sendable, Hashable {
    /// Until the connection stands, name lookup and TLS included.
    public let connect: Duration
    /// Until the last byte of the answer.
    public let total: Duration
    /// How long a download, which has no total, may go without a byte.
    public let stall: Duration

    public static let `default` = Timeouts(connect: .seconds(5), total: .seconds(30))

    public init(connect: Duration, total: Duration, stall: Duration = .seconds(30)) {
        self.connect = connect
        self.total = total
        self.stall = stall
    }
}

extension Duration {
    /// Whole milliseconds, at least 1: libcurl takes 0 as forever.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        let milliseconds = seconds.multipliedReportingOverflow(by: 1_000)
        guard !milliseconds.overflow else { return Int(Int32.max) }
        return Int(min(max(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000, 1), Int64(Int32.max)))
    }

    /// Whole seconds, at least 1.
    var wholeSeconds: Int { max(1, wholeMilliseconds / 1_000) }
}
