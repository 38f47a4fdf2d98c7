import Multiformats

/// A heap of edges in borrowed memory that gives the one with the smallest id first.
struct ReadyEdges {
    /// An edge with the first word of its id, which nearly always decides.
    struct Entry: BitwiseCopyable {
        let head: UInt64
        let edge: UInt32
    }

    private let room: UnsafeMutableBufferPointer<Entry>
    private let ids: Column<Digest>
    private var count = 0

    init(room: UnsafeMutableBufferPointer<Entry>, ids: Column<Digest>) {
        self.room = room
        self.ids = ids
    }

    /// Adds an edge; the caller never holds more than there is room for.
    mutating func insert(_ edge: UInt32) {
        let entry = Entry(head: ids[edge].w0, edge: edge)
        var position = count
        count += 1
        while position > 0, isBefore(entry, room[(position - 1) / 2]) {
            room[position] = room[(position - 1) / 2]
            position = (position - 1) / 2
        }
        room[position] = entry
    }

    mutating func popSmallest() -> UInt32? {
        guard count > 0 else { return nil }
        let smallest = room[0].edge
        count -= 1
        let last = room[count]
        var position = 0
        while 2 * position + 1 < count {
            var child = 2 * position + 1
            if child + 1 < count, isBefore(room[child + 1], room[child]) { child += 1 }
            guard isBefore(room[child], last) else { break }
            room[position] = room[child]
            position = child
        }
        room[position] = last
        return smallest
    }

    @inline(__always)
    private func isBefore(_ left: Entry, _ right: Entry) -> Bool {
        left.head != right.head ? left.head < right.head : ids[left.edge] < ids[right.edge]
    }
}
