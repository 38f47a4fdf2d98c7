import Synchronization

/// Bounds what is kept for DIDs that have no space hosted here, and so by nobody's leave.
public struct UnhostedLimits: Sendable {
    /// For all that one DID controls.
    public var edgesOfOne = Int.max
    public var bytesOfOne = Int.max
    /// For all such DIDs.
    public var edges = Int.max
    public var bytes = Int.max

    public init() {}
}

/// Counts what is kept for DIDs that have no space hosted here: edges, and the bytes of their records, in which stand the names
/// that nobody had used before them.
///
/// An edge counts once for each such DID that controls something it names. Whose first space begins to be hosted gets back what
/// was counted, and is counted no more, for what it controls outside spaces neither. Counted by the log alone, so that a replay
/// gives the same.
final class UnhostedRoom: @unchecked Sendable {
    // @unchecked: read and written by the one writer, but for the totals, which are atomic.
    struct Row: Equatable, Sendable {
        var edges: UInt32 = 0
        var hostedSpaces: UInt32 = 0
        var bytes = 0
    }

    private let rows: Column<Row>
    let edgeCount = Atomic<Int>(0)
    let byteCount = Atomic<Int>(0)

    init(limits: GraphLimits) throws(GraphError) {
        rows = try Column(capacity: limits.maxEdges * 4)
    }

    deinit { rows.release() }

    /// What is counted for a DID, by its term.
    subscript(owner: UInt32) -> Row {
        get { rows[owner] }
        set {
            let old = rows[owner]
            rows[owner] = newValue
            edgeCount.add(Int(newValue.edges) - Int(old.edges), ordering: .relaxed)
            byteCount.add(newValue.bytes - old.bytes, ordering: .relaxed)
        }
    }

    /// Whether one DID, or all of them, have as much as they may.
    func isFull(_ owner: UInt32?, _ limits: UnhostedLimits) -> (one: Bool, all: Bool) {
        let own = owner.map { rows[$0] } ?? Row()
        return (
            Int(own.edges) >= limits.edgesOfOne || own.bytes >= limits.bytesOfOne,
            edgeCount.load(ordering: .relaxed) >= limits.edges || byteCount.load(ordering: .relaxed) >= limits.bytes
        )
    }
}
