/// Bounds on what one graph holds and on the work one question may cost (design law 10).
public struct GraphLimits: Sendable {
    /// The most edges the index holds; address space, not memory, is reserved for them.
    public var maxEdges = 1 << 25
    /// The most distinct nodes in the closure of a token's proofs (spec tinycloud.md 7.3).
    public var maxClosureNodes = 64
    /// The most proofs one token may cite.
    public var maxProofs = 16
    /// The most capabilities one token may carry.
    public var maxCapabilities = 1024
    /// The most bytes of a token's capabilities written out one by one, each with its resource: a token names a resource
    /// once, and every answer about it once for each ability.
    public var maxCapabilityBytes = 1 << 18
    /// The most pairs of capabilities compared while one token is admitted.
    public var maxComparisons = 1 << 20
    /// The most capabilities of its proofs that one token may rest on, over all its capabilities.
    public var maxSupports = 4096
    /// The most capabilities one check may visit before it answers undetermined.
    public var maxCheckNodes = 4096
    /// The most delegations by the keys of one account that are looked at for its history.
    public var maxAccountStatements = 1 << 18

    /// What may be kept for spaces that are not hosted here; no bound where nothing is said.
    public var unhosted = UnhostedLimits()

    public init() {}
}
