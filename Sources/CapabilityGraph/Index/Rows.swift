import Synchronization

/// What every walk reads of an edge: its window in microseconds since 1970 and its begin and end revision.
struct EdgeHot: ~Copyable {
    var notBefore: Int64
    /// `Int64.max` when the edge never expires.
    var expires: Int64
    var admittedAt: UInt32
    /// 0 while the edge has not been ended; set once.
    let endedAt: Atomic<UInt32>
}

/// The rest of an edge, read by listings and explanations.
struct EdgeInfo {
    struct Flags: OptionSet {
        let rawValue: UInt8
        static let terminal = Flags(rawValue: 1)
        static let hasNotBefore = Flags(rawValue: 2)
        static let hasIssuedAt = Flags(rawValue: 4)
    }

    var issuer: UInt32
    var audience: UInt32
    var capabilityStart: UInt32
    var proofStart: UInt32
    var capabilityCount: UInt16
    var proofCount: UInt16
    var kind: UInt8
    var flags: Flags
    var issuedAt: Int64
    /// When the edge was admitted, in microseconds since 1970.
    var recordedAt: Int64
}

/// One capability of an edge, with the capabilities of its proofs that it rests on.
struct CapabilityRow {
    var edge: UInt32
    var resource: UInt32
    var ability: UInt32
    /// Term of the canonical caveat list, 0 when there are none.
    var caveats: UInt32
    /// The supporting capability when there is exactly one, else the start of the run in `supports`.
    var support: UInt32
    /// The next older capability with the same audience and resource, plus one; 0 ends the run.
    var nextInGroup: UInt32
    var supportCount: UInt16
    var isRoot: Bool
}

struct ResourceRow {
    /// Space number plus one; 0 for resources outside spaces.
    var space: UInt32
    var service: UInt32
    /// Term of `?query#fragment` as written, 0 when there is none.
    var suffix: UInt32
    /// Principal that controls the resource without proof, 0 when nobody does.
    var authority: UInt32
    /// Offset of the path bytes shifted left by 20, or-ed with their length; `noPath` when the path is absent.
    var path: UInt64

    static let noPath = UInt64.max
}

struct SpaceRow {
    var text: UInt32
    var owner: UInt32
}
