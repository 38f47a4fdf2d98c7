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
            let ended = graph.endedAt(node)
            if ended != 0 { endedAt = min(endedAt, ended) }
            if overlay?.ends(node) ?? false { endedAt = min(endedAt, revision &+ 1) }
            expires = min(expires, graph.window(node).expires)
            return .continue
        }
        return end == .finished ? Tenure(edge: edge, endedAt: endedAt, expires: expires) : nil
    }

    /// The tenures of each key together, without those by delegations that cannot be seen here.
    func tenures(_ keys: [UInt32: [Tenure]]) -> [UInt32: Tenures] {
        keys.mapValues { tenures in Tenures(tenures.filter { isVisible($0.edge) }) }
    }

    /// True when a statement was admitted before some tenure ended.
    ///
    /// Which of the two was admitted first is not asked, so any order of arrival gives the same answer.
    func holds(_ tenures: Tenures, at statement: UInt32) -> Bool {
        tenures.reach(graph.admittedAt(statement), Int64(graph.info[statement].recordedAt) * 1_000_000)
    }
}

/// All tenures of one key. A key may sign in any number of times, so a statement is not held against each of them.
struct Tenures {
    /// Ascending in `endedAt`; `expires` is the latest of this tenure and those that end later.
    private var ends: [(endedAt: UInt32, expires: Int64)]

    init(_ tenures: [Tenure]) {
        ends = tenures.map { ($0.endedAt, $0.expires) }.sorted { $0.endedAt < $1.endedAt }
        var latest = Int64.min
        for place in ends.indices.reversed() {
            latest = max(latest, ends[place].expires)
            ends[place].expires = latest
        }
    }

    /// True when one of them ended after this revision and expired after this instant.
    func reach(_ revision: UInt32, _ instant: Int64) -> Bool {
        var (low, high) = (0, ends.count)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle].endedAt <= revision { low = middle + 1 } else { high = middle }
        }
        return low < ends.count && instant < ends[low].expires
    }
}
