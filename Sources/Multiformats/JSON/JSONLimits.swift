/// Bounds what a JSON text may ask for, before any of it is built.
public struct JSONLimits: Sendable, Hashable {
    public var maxBytes: Int
    public var maxDepth: Int
    /// Counts all values of the text, nested ones included.
    public var maxMembers: Int

    public static let `default` = JSONLimits()

    public init(maxBytes: Int = 1 << 20, maxDepth: Int = 64, maxMembers: Int = 100_000) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxMembers = maxMembers
    }
}
