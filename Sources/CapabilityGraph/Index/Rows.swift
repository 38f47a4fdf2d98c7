import Synchronization

/// What every walk reads of an edge, side by side: 32 bytes, two to a cache line.
struct EdgeRow: ~Copyable {
    /// The window, half open, in microseconds since 1970; `expires` is `Int64.max` when the edge never expires.
    var notBefore: Int64
    var expires: Int64
    var issuer: UInt32
    var audience: UInt32
    /// The revision at which the edge came, 0 while it is none.
    let admittedAt: Atomic<UInt32>
    /// The revision at which the edge was ended, 0 while it is not; set once.
    let endedAt: Atomic<UInt32>
}

/// The rest of an edge, read by listings and explanations: 24 bytes.
struct EdgeInfo {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let terminal = Flags(rawValue: 1)
        static let hasNotBefore = Flags(rawValue: 2)
        static let hasIssuedAt = Flags(rawValue: 4)
        /// Signs a session key in; found from what the edge says, never stored.
        static let signsIn = Flags(rawValue: 8)
    }

    /// The number of its first capability. They end where those of the next edge begin.
    var capabilityStart: UInt32
    /// The cited proof when there is exactly one, else the start of the run in `proofs`.
    var proof: UInt32
    var proofCount: UInt16
    var kind: UInt8
    var flags: Flags
    /// When the edge was admitted, in seconds since 1970.
    var recordedAt: UInt32
    /// The next older edge of the same issuer, and of the same audience, plus one; 0 ends the run.
    var olderOfIssuer: UInt32
    var olderOfAudience: UInt32
}

/// One capability of an edge, with the capabilities of its proofs that it rests on: 32 bytes.
struct CapabilityRow {
    var edge: UInt32
    var resource: ResourceKey
    var ability: UInt32
    /// Term of the canonical caveat list, 0 when there are none.
    var caveats: UInt32
    /// The supporting capability when there is exactly one, else the start of the run in `supports`.
    var support: UInt32
    /// The next older capability with the same audience and resource, plus one; 0 ends the run.
    var nextInGroup: UInt32
    /// Stands there until the capability is entered into its group.
    static let notEntered = UInt32.max
    var supportCount: UInt16
    var isRoot: Bool
    /// Number of the ability that the list of the space's members must hold, too; 0 when nothing of the kind is asked.
    var policy: UInt8
}

/// A resource as the index keeps it; no two keys are of the same resource.
struct ResourceKey: Equatable {
    /// Number of what the resource shares with its neighbours.
    var base: UInt32
    /// Offset of the path's length and bytes in the arena; 0 when the path is absent.
    var path: UInt32
}

/// A resource, put together from its base and its path.
struct ResourceRow {
    var base: ResourceBase
    /// Nil when the path is absent, which differs from empty.
    var path: UnsafeRawBufferPointer?

    /// Space number plus one; 0 for resources outside spaces.
    var space: UInt32 { base.space }
    var service: UInt32 { base.service }
    var suffix: UInt32 { base.suffix }
    var authority: UInt32 { base.authority }
}

/// What all resources of one service of a space share.
struct ResourceBase: Equatable {
    /// Space number plus one; 0 for resources outside spaces.
    var space: UInt32
    var service: UInt32
    /// Term of `?query#fragment` as written, 0 when there is none.
    var suffix: UInt32
    /// Principal that controls the resource without proof, 0 when nobody does.
    var authority: UInt32
}

struct SpaceRow {
    var text: UInt32
    var owner: UInt32
}

/// The newest edges of a principal, plus one; 0 when there are none.
struct PrincipalHeads: ~Copyable {
    let issued: Atomic<UInt32>
    let received: Atomic<UInt32>
}
