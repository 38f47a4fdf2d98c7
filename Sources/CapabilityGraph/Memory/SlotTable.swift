import Glibc
import Synchronization

/// Finds 27-bit ids by hash in an open-addressed table; the keys live in the caller's columns.
///
/// A slot is 32 bits: an id and five more bits of its hash, so that few other keys are looked at on the way. One
/// writer inserts. Readers probe without a lock: a grown table replaces the old one by one atomic store, and the old
/// range stays mapped (its pages given back, so it reads as empty). A reader that misses therefore looks again if the
/// table changed under it.
final class SlotTable: @unchecked Sendable {
    // @unchecked: `current` is atomic and each slot is atomic; everything else belongs to the one writer.
    private let current: Atomic<UnsafeRawPointer>
    // Never passed inout to anything that could reach the table again, so the check for that is off: a replay enters
    // millions of ids.
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private var active: Column<Atomic<UInt32>>
    private var retired: [Column<Atomic<UInt32>>] = []
    private var headers: [UnsafeMutablePointer<Header>] = []

    private struct Header {
        let slots: UnsafeMutablePointer<Atomic<UInt32>>
        let capacity: UInt64
    }

    /// One more than the largest id a slot can hold.
    static let idLimit = 1 << 27 - 1
    private static let idMask: UInt32 = 1 << 27 - 1

    init(initialCapacity: Int = 64) throws(GraphError) {
        active = try Column(capacity: initialCapacity)
        let header = UnsafeMutablePointer<Header>.allocate(capacity: 1)
        header.initialize(to: Header(slots: active.base, capacity: UInt64(initialCapacity)))
        headers.append(header)
        current = Atomic(UnsafeRawPointer(header))
    }

    deinit {
        active.release()
        for column in retired { column.release() }
        for header in headers { header.deallocate() }
    }

    var capacity: Int { active.capacity }

    /// The place where a probe begins: the hash scaled to the capacity, so that the capacity may be any number.
    @inline(__always)
    private static func start(_ hash: UInt64, _ capacity: UInt64) -> Int {
        Int(truncatingIfNeeded: hash.multipliedFullWidth(by: capacity).high)
    }

    /// What stands beside an id: the lowest bits of the hash, which `start` hardly uses.
    @inline(__always)
    private static func slot(_ id: UInt32, _ hash: UInt64) -> UInt32 {
        (id &+ 1) | UInt32(truncatingIfNeeded: hash) << 27
    }

    /// Returns the id whose key satisfies `matches`, looking only at slots of this hash's probe run.
    @inline(__always)
    func find(_ hash: UInt64, _ matches: (UInt32) -> Bool) -> UInt32? {
        let tag = UInt32(truncatingIfNeeded: hash) << 27
        while true {
            let pointer = current.load(ordering: .acquiring)
            let header = pointer.assumingMemoryBound(to: Header.self).pointee
            let capacity = Int(truncatingIfNeeded: header.capacity)
            var position = Self.start(hash, header.capacity)
            while true {
                let stored = header.slots[position].load(ordering: .acquiring)
                if stored == 0 { break }
                if stored & ~Self.idMask == tag {
                    let id = (stored & Self.idMask) &- 1
                    if matches(id) { return id }
                }
                position &+= 1
                if position == capacity { position = 0 }
            }
            if current.load(ordering: .acquiring) == pointer { return nil }
        }
    }

    /// Makes room for so many ids at once, while the table is empty.
    func reserve(_ ids: Int) throws(GraphError) {
        guard count == 0, ids * 4 > active.capacity * 3 else { return }
        try move(to: ids + ids / 2, { _ in false }, { _ in 0 })
    }

    /// Adds an id that is known to be absent. Grows by a third at three quarters, re-reading every hash through `hashOf`.
    @inline(__always)
    func insert(_ id: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) throws(GraphError) {
        guard Int(id) < Self.idLimit else { throw GraphError(.outOfMemory, "the index holds as many ids as it can") }
        if (count + 1) * 4 > active.capacity * 3 {
            try move(to: active.capacity + active.capacity / 3, { _ in true }, hashOf)
        }
        place(id, hash, in: active)
        count += 1
    }

    /// Calls `body` for each id with its hash, in order.
    ///
    /// Where there are many, the places at which their probes begin are read some ahead (`touch`).
    @inline(__always)
    func each(
        _ ids: Range<UInt32>, hashOf: (UInt32) -> UInt64, _ body: (UInt32, UInt64) throws(GraphError) -> Void
    ) throws(GraphError) {
        guard ids.count > 1 else {
            for id in ids { try body(id, hashOf(id)) }
            return
        }
        var next = ids.lowerBound
        while next < ids.upperBound {
            let end = min(next + UInt32(Self.readAhead), ids.upperBound)
            let first = next
            try Self.withHashes { hashes throws(GraphError) in
                for id in first..<end { hashes[Int(id - first)] = hashOf(id) }
                touch(hashes[..<Int(end - first)])
                for id in first..<end { try body(id, hashes[Int(id - first)]) }
            }
            next = end
        }
    }

    /// Reads the places at which probes for these hashes begin.
    ///
    /// In a large table each is a miss of the processor's caches. Reads that do not wait for one another take little longer
    /// than one, so nothing else is done between them: the processor looks only so many instructions ahead.
    @inline(__always)
    func touch(_ hashes: Slice<UnsafeMutableBufferPointer<UInt64>>) {
        let (slots, capacity) = (active.base, UInt64(active.capacity))
        var sum: UInt32 = 0
        for hash in hashes { sum &+= slots[Self.start(hash, capacity)].load(ordering: .relaxed) }
        touched = sum
    }

    /// Lends room for `readAhead` hashes.
    @inline(__always)
    static func withHashes(
        _ body: (UnsafeMutableBufferPointer<UInt64>) throws(GraphError) -> Void
    ) throws(GraphError) {
        try withUnsafeTemporaryAllocation(of: UInt64.self, capacity: readAhead) { room in
            Result { () throws(GraphError) in try body(room) }
        }.get()
    }

    static let readAhead = 64
    /// What was read ahead, summed up so that it is read.
    @exclusivity(unchecked) private var touched: UInt32 = 0

    /// Puts `new` where `old` stands; both have the same key.
    func replace(_ old: UInt32, with new: UInt32, hash: UInt64) {
        active.base[position(of: old, hash)].store(Self.slot(new, hash), ordering: .releasing)
    }

    /// Takes back the newest insertion. Insertions are undone in reverse order, and only while the table has not
    /// grown since (`generation`); after growth use `rebuild`.
    func removeNewest(_ id: UInt32, hash: UInt64) {
        active.base[position(of: id, hash)].store(0, ordering: .releasing)
        count -= 1
    }

    /// Counts how often the table was replaced by another.
    private(set) var generation = 0

    /// Replaces the table by one that keeps only the ids that satisfy `keep`.
    func rebuild(keeping keep: (UInt32) -> Bool, hashOf: (UInt32) -> UInt64) throws(GraphError) {
        try move(to: active.capacity, keep, hashOf)
    }

    private func position(of id: UInt32, _ hash: UInt64) -> Int {
        let wanted = Self.slot(id, hash)
        var position = Self.start(hash, UInt64(active.capacity))
        while active.base[position].load(ordering: .relaxed) != wanted {
            position += 1
            if position == active.capacity { position = 0 }
        }
        return position
    }

    @inline(never)
    private func move(
        to capacity: Int, _ keep: (UInt32) -> Bool, _ hashOf: (UInt32) -> UInt64
    ) throws(GraphError) {
        let larger = try Column<Atomic<UInt32>>(capacity: capacity)
        larger.useLargePages()
        var kept = 0
        for position in 0..<active.capacity {
            let stored = active.base[position].load(ordering: .relaxed)
            let id = (stored & Self.idMask) &- 1
            guard stored != 0, keep(id) else { continue }
            place(id, hashOf(id), in: larger)
            kept += 1
        }
        count = kept
        generation += 1
        let next = UnsafeMutablePointer<Header>.allocate(capacity: 1)
        next.initialize(to: Header(slots: larger.base, capacity: UInt64(capacity)))
        headers.append(next)
        current.store(UnsafeRawPointer(next), ordering: .releasing)
        active.discard()
        retired.append(active)
        active = larger
    }

    @inline(__always)
    private func place(_ id: UInt32, _ hash: UInt64, in column: Column<Atomic<UInt32>>) {
        var position = Self.start(hash, UInt64(column.capacity))
        while column.base[position].load(ordering: .relaxed) != 0 {
            position += 1
            if position == column.capacity { position = 0 }
        }
        column.base[position].store(Self.slot(id, hash), ordering: .releasing)
    }
}
