import Storage

/// Remembers what answers write of the edges of one graph that never changes: all but the status, for those who may see
/// the whole edge. Its token was checked against its id before it was written.
public struct RowCache: Sendable {
    /// The form in which all of it is written; see `DelegationAnswer.parentsAsBytes`.
    public let parentsAsBytes: Bool
    let texts: TokenCache

    /// Keeps up to so many bytes.
    public init(parentsAsBytes: Bool, maxBytes: Int = 16 << 20) {
        self.parentsAsBytes = parentsAsBytes
        texts = TokenCache(maxBytes: maxBytes)
    }
}
