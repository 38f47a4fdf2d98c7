import Synchronization

/// Keeps, for each key, the ascending list of edges under it, in chunks that double in size.
///
/// Newest-first iteration and seeking below an edge cost O(log n) chunk steps, so any page of a list costs the same.
final class EdgeLists: @unchecked Sendable {
    // @unchecked: one writer; a list's state (chunk and fill) is one atomic word, entries are written before it.
    struct Key: Equatable {
        /// The lists in which two numbers are told apart.
        enum Family: UInt64 { case issuerInSpace = 1, audienceInSpace, policyInSpace }
        /// The lists of one number: a space, the edges that admit another space's members to it, the edges by which a
        /// principal signs in, and those by which a space was given to its owner.
        enum Single: UInt64 { case space, memberSpaces, signIns, ownerships }

        /// Family, then two numbers of 31 bits; term and space numbers are smaller (`SlotTable.idLimit`).
        let packed: UInt64

        init(_ family: Family, _ first: UInt32, _ second: UInt32) {
            packed = family.rawValue << 62 | UInt64(first) << 31 | UInt64(second)
        }

        init(_ single: Single, _ number: UInt32) { packed = UInt64(number) << 31 | single.rawValue }
    }

    private let keys: Column<UInt64>
    /// A list of one: the highest bit and the edge. A longer one: the offset of its newest chunk in the arena shifted
    /// left by 32, or-ed with the number of edges, which says how large each chunk is. Most lists have one edge.
    private let states: Column<Atomic<UInt64>>
    /// Chunks: the offset of the one before, then edge ids. The first holds two, each further one twice as many.
    private let arena: Column<UInt32>
    private let table: SlotTable
    private let hashing: KeyedHash
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var arenaCount = 1
    private static let single: UInt64 = 1 << 63

    init(limits: GraphLimits, hashing: KeyedHash) throws(GraphError) {
        self.hashing = hashing
        keys = try Column(capacity: limits.maxEdges * 4)
        states = try Column(capacity: limits.maxEdges * 4)
        arena = try Column(capacity: limits.maxEdges * 32)
        table = try SlotTable()
    }

    deinit {
        keys.release()
        states.release()
        arena.release()
    }

    func find(_ key: Key) -> UInt32? {
        table.find(hashing.hash(key.packed)) { keys[$0] == key.packed }
    }

    /// Appends edges to lists, in order; see `SlotTable.each` for why many at a time.
    func append(_ entries: [(key: Key, edge: UInt32)], journal: Journal) throws(GraphError) {
        var next = 0
        while next < entries.count {
            let end = min(next + SlotTable.readAhead, entries.count)
            let first = next
            try SlotTable.withHashes { hashes throws(GraphError) in
                for place in first..<end { hashes[place - first] = hashing.hash(entries[place].key.packed) }
                if entries.count > SlotTable.readAhead { table.touch(hashes[..<(end - first)]) }
                for place in first..<end {
                    let (key, edge) = entries[place]
                    try append(edge, to: key, hashes[place - first], journal: journal)
                }
            }
            next = end
        }
    }

    private func append(_ edge: UInt32, to key: Key, _ hash: UInt64, journal: Journal) throws(GraphError) {
        let list: UInt32
        if let found = table.find(hash, { keys[$0] == key.packed }) {
            list = found
        } else {
            guard count < keys.capacity else { throw GraphError(.full, "the list table is full") }
            list = UInt32(count)
            keys[list] = key.packed
            states.base[Int(list)].store(0, ordering: .releasing)
            count += 1
            try table.insert(list, hash: hash, hashOf: self.hash)
            journal.note(.list(list))
        }
        let state = states.base[Int(list)].load(ordering: .relaxed)
        guard state != 0 else {
            journal.note(.listState(list, 0))
            states.base[Int(list)].store(Self.single | UInt64(edge), ordering: .releasing)
            return
        }
        let isSingle = state & Self.single != 0
        let length = isSingle ? 1 : Int(state & 0xFFFF_FFFF)
        var chunk = isSingle ? 0 : Int(state >> 32)
        let (capacity, used) = Self.newestChunk(length + 1)
        if used == 1 || isSingle {
            guard arenaCount + capacity + 1 <= arena.capacity else { throw GraphError(.full, "the list arena is full") }
            arena[arenaCount] = UInt32(chunk)
            chunk = arenaCount
            arenaCount += capacity + 1
            if isSingle { arena[chunk + 1] = UInt32(truncatingIfNeeded: state) }
        }
        arena[chunk + used] = edge
        journal.note(.listState(list, state))
        states.base[Int(list)].store(UInt64(chunk) << 32 | UInt64(length + 1), ordering: .releasing)
    }

    /// How many edges the newest chunk of a list of some length can hold, and how many it does.
    private static func newestChunk(_ length: Int) -> (capacity: Int, used: Int) {
        // The chunks before one of 2^k hold 2^k - 2 together.
        let capacity = 1 << (Int.bitWidth - 1 - (length + 1).leadingZeroBitCount)
        return (capacity, length + 2 - capacity)
    }

    func restore(_ list: UInt32, _ state: UInt64) {
        // A chunk that was opened for the undone entry stays allocated; its space is found again at the next start.
        states.base[Int(list)].store(state, ordering: .releasing)
    }

    func removeNewest(_ list: UInt32) {
        if table.generation == generationAtMark { table.removeNewest(list, hash: hash(list)) }
        count -= 1
    }

    private var generationAtMark = 0

    func mark() { generationAtMark = table.generation }

    func finishUndo() throws(GraphError) {
        guard table.generation != generationAtMark else { return }
        try table.rebuild(keeping: { $0 < count }, hashOf: hash)
    }

    /// Walks the list newest first, beginning with the first edge below `bound`; no list is an empty one.
    func cursor(_ key: Key?, below bound: UInt32 = .max) -> Cursor {
        guard let key, let list = find(key) else { return Cursor(arena: arena, chunk: 0, position: 0) }
        let state = states.base[Int(list)].load(ordering: .acquiring)
        if state & Self.single != 0 {
            let edge = UInt32(truncatingIfNeeded: state)
            return Cursor(arena: arena, chunk: 0, position: 0, only: edge < bound ? edge : nil)
        }
        guard state != 0 else { return Cursor(arena: arena, chunk: 0, position: 0) }
        var chunk = Int(state >> 32)
        var (capacity, used) = Self.newestChunk(Int(state & 0xFFFF_FFFF))
        while chunk != 0, arena[chunk + 1] >= bound {
            chunk = Int(arena[chunk])
            capacity /= 2
            used = capacity
        }
        guard chunk != 0 else { return Cursor(arena: arena, chunk: 0, position: 0) }
        var low = 0
        var high = used
        while low < high {
            let middle = (low + high) / 2
            if arena[chunk + 1 + middle] < bound { low = middle + 1 } else { high = middle }
        }
        return Cursor(arena: arena, chunk: chunk, position: low, capacity: capacity)
    }

    struct Cursor {
        fileprivate let arena: Column<UInt32>
        fileprivate var chunk: Int
        fileprivate var position: Int
        fileprivate var capacity = 0
        /// The edge of a list of one.
        fileprivate var only: UInt32?

        /// The next edge without taking it, or nil at the end.
        var peek: UInt32? {
            if let only { return only }
            guard chunk != 0, position > 0 else { return nil }
            return arena[chunk + position]
        }

        mutating func next() -> UInt32? {
            guard let edge = peek else { return nil }
            if only != nil {
                only = nil
                return edge
            }
            position -= 1
            if position == 0 {
                chunk = Int(arena[chunk])
                capacity /= 2
                position = capacity
            }
            return edge
        }
    }

    private func hash(_ list: UInt32) -> UInt64 {
        hashing.hash(keys[list])
    }
}
