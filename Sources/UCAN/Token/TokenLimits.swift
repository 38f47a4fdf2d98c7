/// Bounds what a statement may hold; all are tested before any cryptography (spec/ucan.md J.22).
public struct TokenLimits: Sendable, Hashable {
    /// Bytes of the JWT text or of the CACAO.
    public var bytes: Int
    public var proofs: Int
    /// Pairs of resource and ability.
    public var capabilities: Int
    /// Caveat objects of one capability.
    public var caveats: Int
    /// Nesting of JSON and DAG-CBOR.
    public var depth: Int

    public static let `default` = TokenLimits()

    public init(
        bytes: Int = 64 * 1024,
        proofs: Int = 16,
        capabilities: Int = 1024,
        caveats: Int = 64,
        depth: Int = 64
    ) {
        self.bytes = bytes
        self.proofs = proofs
        self.capabilities = capabilities
        self.caveats = caveats
        self.depth = depth
    }
}
