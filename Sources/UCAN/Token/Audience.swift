public import Multiformats

/// Says whom a statement addresses.
public enum Audience: Sendable, Hashable {
    case principal(DID)
    /// A statement to end: `ucan:<cid>` in a CACAO.
    case target(CID)

    public var principal: DID? { if case .principal(let did) = self { did } else { nil } }
    public var target: CID? { if case .target(let cid) = self { cid } else { nil } }
}
