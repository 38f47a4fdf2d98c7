import Multiformats

/// An edge with every name interned, on its way into the columns.
struct EdgeDraft {
    struct DraftCapability {
        var resource: UInt32
        var ability: UInt32
        var caveats: UInt32
        var isRoot: Bool
        var supports: [UInt32]
    }

    var id: Digest
    var statement: Digest
    var issuer: UInt32
    var audience: UInt32
    var kind: UInt8
    var flags: EdgeInfo.Flags
    var notBefore: Int64
    var expires: Int64
    var issuedAt: Int64
    var proofs: [UInt32]
    var capabilities: [DraftCapability]
    /// Spaces that begin to be hosted with this edge.
    var hosted: [UInt32]
}
