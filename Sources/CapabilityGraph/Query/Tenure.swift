import Synchronization

/// How long a key acted for an account by one delegation: until that delegation, or anything above it, ended.
///
/// What the key issued or received before then belongs to the account for ever; what it does afterwards is its own
/// affair. So a listing of history does not change when a session ends, nor grows by what a revoked key still signs.
struct Tenure: Sendable {
    let edge: UInt32
    /// The revision of the first revocation; `UInt32.max` when there is none.
    let endedAt: UInt32
    /// Microseconds since 1970.
    let expires: Int64
}

extension Snapshot {
    /// The tenure by a delegation; nil when its closure is larger than may be looked at.
    func tenure(by edge: UInt32) -> Tenure? {
        var endedAt = UInt32.max
        var expires = Int64.max
        let end = walkClosure(of: edge) { node in
            let ended = graph.endedAt.base[Int(node)].load(ordering: .acquiring)
            if ended != 0 { endedAt = min(endedAt, ended) }
            expires = min(expires, graph.windows.base[Int(node)].expires)
            return .continue
        }
        return end == .finished ? Tenure(edge: edge, endedAt: endedAt, expires: expires) : nil
    }

    /// True when a statement was admitted before a tenure ended, and the delegation behind it can be seen here.
    ///
    /// Which of the two was admitted first is not asked, so any order of arrival gives the same answer.
    func holds(_ tenure: Tenure, at statement: UInt32) -> Bool {
        isVisible(tenure.edge) && graph.admittedAt(statement) < tenure.endedAt
            && Int64(graph.info[statement].recordedAt) * 1_000_000 < tenure.expires
    }
}
