/// Bounds what an encoded value may ask for, before any of it is built.
public struct CBORLimits: Sendable, Hashable {
    public var maxBytes: Int
    public var maxDepth: Int
    /// Counts all values, nested ones included.
    public var maxItems: Int

    public static let `default` = CBORLimits()

    public init(maxBytes: Int = 1 << 20, maxDepth: Int = 64, maxItems: Int = 100_000) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxItems = maxItems
    }
}
