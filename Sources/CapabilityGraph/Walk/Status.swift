public import UCAN

/// Tells whether an edge can be used now, and if not, which edge of its closure is the cause.
///
/// This is the rule of the TinyCloud family: a token is only as good as every proof it cites and everything above
/// them (spec tinycloud.md 7.3). The gate's own rule, per capability, is `Snapshot.check`.
public enum EdgeStatus: Hashable, Sendable {
    case active
    case pending(cause: Snapshot.EdgeID)
    case expired(cause: Snapshot.EdgeID)
    case revoked(cause: Snapshot.EdgeID)
    /// The closure is larger than the limits allow to look at; treated as unusable.
    case undetermined

    public var name: String {
        switch self {
        case .active: "active"
        case .pending: "pending"
        case .expired: "expired"
        case .revoked: "revoked"
        case .undetermined: "undetermined"
        }
    }

    public var cause: Snapshot.EdgeID? {
        switch self {
        case .active, .undetermined: nil
        case .pending(let cause), .expired(let cause), .revoked(let cause): cause
        }
    }
}

extension Snapshot {
    /// Judges an edge by itself and everything above it. A revocation is named before an expiry, an expiry before a
    /// window that has not begun; of several causes the nearest is named (tinycloud.md 6.6).
    public func status(of edge: EdgeID, at: Timestamp) -> EdgeStatus {
        status(of: edge.raw, at: at.microseconds)
    }

    func status(of edge: UInt32, at: Int64) -> EdgeStatus {
        var expired: UInt32?
        var pending: UInt32?
        var revoked: UInt32?
        let end = walkClosure(of: edge) { node in
            if isEnded(node) {
                revoked = node
                return .stop
            }
            if !isInWindow(node, at) {
                if graph.window(node).notBefore > at {
                    if pending == nil { pending = node }
                } else if expired == nil {
                    expired = node
                }
            }
            return .continue
        }
        if let revoked { return .revoked(cause: EdgeID(raw: revoked)) }
        if end == .limitExceeded { return .undetermined }
        if let expired { return .expired(cause: EdgeID(raw: expired)) }
        if let pending { return .pending(cause: EdgeID(raw: pending)) }
        return .active
    }
}
