public import Multiformats

/// Names a token by where it stands in the log and what it must be.
public struct TokenName: Hashable, Sendable {
    public let revision: UInt64
    /// BLAKE3-256 of the token's bytes.
    public let id: Digest

    public init(revision: UInt64, id: Digest) {
        self.revision = revision
        self.id = id
    }
}
