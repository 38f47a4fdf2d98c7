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
