import Synchronization

/// Bounds what is kept for spaces that are not hosted here, and so by nobody's leave.
public struct UnhostedLimits: Sendable {
    /// For all spaces of one controlling DID together.
    public var edgesOfOne = Int.max
    public var bytesOfOne = Int.max
    /// For all such spaces.
    public var edges = Int.max
    public var bytes = Int.max

    public init() {}
}

/// Counts what is kept for spaces that are not hosted here: edges, and the bytes of their records, in which stand the names
/// that nobody had used before them.
///
/// Each space that an edge names counts the whole edge, and so does the DID that controls it, as for what that DID controls
/// outside spaces. What a space was counted is given back when it begins to be hosted. Counted by the log alone, so that a
/// replay gives the same.
final class UnhostedRoom: @unchecked Sendable {
    // @unchecked: read and written by the one writer, but for the totals, which are atomic.
    struct Room: Equatable, Sendable {
        var edges = 0
        var bytes = 0

        static func += (room: inout Room, other: Room) {
            room.edges += other.edges
            room.bytes += other.bytes
        }

        static func -= (room: inout Room, other: Room) {
            room.edges -= other.edges
            room.bytes -= other.bytes
        }
    }

    /// A space, or what its owner controls outside spaces, which is never hosted.
    struct Place: Hashable, Sendable {
        var space: UInt32?
        var owner: UInt32
    }

    private let bySpace: Column<Room>
    private let byOwner: Column<Room>
    let edgeCount = Atomic<Int>(0)
    let byteCount = Atomic<Int>(0)

    init(limits: GraphLimits) throws(GraphError) {
        bySpace = try Column(capacity: limits.maxEdges)
        byOwner = try Column(capacity: limits.maxEdges * 4)
    }

    deinit {
        bySpace.release()
        byOwner.release()
    }

    func room(of space: UInt32) -> Room { bySpace[space] }

    func add(_ room: Room, to place: Place) {
        if let space = place.space { bySpace.base[Int(space)] += room }
        byOwner.base[Int(place.owner)] += room
        edgeCount.add(room.edges, ordering: .relaxed)
        byteCount.add(room.bytes, ordering: .relaxed)
    }

    func remove(_ room: Room, from place: Place) {
        if let space = place.space { bySpace.base[Int(space)] -= room }
        byOwner.base[Int(place.owner)] -= room
        edgeCount.subtract(room.edges, ordering: .relaxed)
        byteCount.subtract(room.bytes, ordering: .relaxed)
    }

    /// Whether the spaces of one DID, or all of them, have as much as they may.
    func isFull(_ owner: UInt32?, _ limits: UnhostedLimits) -> (one: Bool, all: Bool) {
        let own = owner.map { byOwner[$0] } ?? Room()
        return (
            own.edges >= limits.edgesOfOne || own.bytes >= limits.bytesOfOne,
            edgeCount.load(ordering: .relaxed) >= limits.edges || byteCount.load(ordering: .relaxed) >= limits.bytes
        )
    }
}
