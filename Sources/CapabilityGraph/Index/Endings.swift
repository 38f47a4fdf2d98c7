public import Multiformats
import Synchronization

/// Says who ended an edge and by which revocation.
public struct Ending: Hashable, Sendable {
    /// Term of the principal that revoked.
    let revoker: UInt32
    /// BLAKE3-256 of the revocation token.
    public let revocation: Digest
    /// Microseconds since 1970.
    public let at: Int64
    /// True where another edge was put in the place of the ended one, which nobody took away.
    var isReplaced = false
}

/// Keeps the cause of every ended edge; small beside the graph, so a lock is enough.
final class Endings: Sendable {
    private let rows = Mutex<[UInt32: Ending]>([:])

    func set(_ edge: UInt32, _ ending: Ending) { rows.withLock { $0[edge] = ending } }
    func remove(_ edge: UInt32) { rows.withLock { $0[edge] = nil } }
    func get(_ edge: UInt32) -> Ending? { rows.withLock { $0[edge] } }
}
