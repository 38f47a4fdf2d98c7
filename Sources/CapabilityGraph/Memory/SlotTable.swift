import Glibc
import Synchronization

/// Finds 32-bit ids by hash in an open-addressed table; the keys live in the caller's columns.
///
/// One writer inserts. Readers probe without a lock: a grown table replaces the old one by one atomic store, and the
/// old range stays mapped (its pages given back, so it reads as empty). A reader that misses therefore looks
/// again if the table changed under it.
final class SlotTable: @unchecked Sendable {
    // @unchecked: `current` is atomic and each slot is atomic; `count` and `retired` belong to the one writer.
    private let current: Atomic<UnsafeRawPointer>
    private(set) var count = 0
    private var retired: [Column<Atomic<UInt32>>] = []
    private var active: Column<Atomic<UInt32>>
    private var header: UnsafeMutablePointer<Header>
    private var headers: [UnsafeMutablePointer<Header>] = []

    private struct Header {
        let slots: UnsafeMutablePointer<Atomic<UInt32>>
        let mask: Int
    }

    init(initialCapacity: Int = 64) throws(GraphError) {
        active = try Column(capacity: initialCapacity)
        header = .allocate(capacity: 1)
        header.initialize(to: Header(slots: active.base, mask: initialCapacity - 1))
        headers.append(header)
        current = Atomic(UnsafeRawPointer(header))
    }

    deinit {
        active.release()
        for column in retired { column.release() }
        for header in headers { header.deallocate() }
    }

    var capacity: Int { active.capacity }

    /// Returns the id whose key satisfies `matches`, looking only at slots of this hash's probe run.
    @inline(__always)
    func find(_ hash: UInt64, _ matches: (UInt32) -> Bool) -> UInt32? {
        while true {
            let pointer = current.load(ordering: .acquiring)
            let header = pointer.assumingMemoryBound(to: Header.self).pointee
            var position = Int(truncatingIfNeeded: hash >> 7) & header.mask
            while true {
                let stored = header.slots[position].load(ordering: .acquiring)
                if stored == 0 { break }
                if matches(stored &- 1) { return stored &- 1 }
                position = (position &+ 1) & header.mask
            }
            if current.load(ordering: .acquiring) == pointer { return nil }
        }
    }

    /// Adds an id that is known to be absent. Grows at three quarters, re-reading every hash through `hashOf`.
    func insert(_ id: UInt32, hash: UInt64, hashOf: (UInt32) -> UInt64) throws(GraphError) {
        if (count + 1) * 4 > active.capacity * 3 { try grow(hashOf) }
        place(id, hash, in: active.base, mask: active.capacity - 1)
        count += 1
    }

    /// Puts `new` where `old` stands; both have the same key.
    func replace(_ old: UInt32, with new: UInt32, hash: UInt64) {
        active.base[position(of: old, hash)].store(new &+ 1, ordering: .releasing)
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

    private func grow(_ hashOf: (UInt32) -> UInt64) throws(GraphError) {
        try move(to: active.capacity * 2, { _ in true }, hashOf)
    }

    private func position(of id: UInt32, _ hash: UInt64) -> Int {
        let mask = active.capacity - 1
        var position = Int(truncatingIfNeeded: hash >> 7) & mask
        while active.base[position].load(ordering: .relaxed) != id &+ 1 { position = (position &+ 1) & mask }
        return position
    }

    private func move(
        to capacity: Int, _ keep: (UInt32) -> Bool, _ hashOf: (UInt32) -> UInt64
    ) throws(GraphError) {
        let larger = try Column<Atomic<UInt32>>(capacity: capacity)
        var kept = 0
        for position in 0..<active.capacity {
            let stored = active.base[position].load(ordering: .relaxed)
            guard stored != 0, keep(stored - 1) else { continue }
            place(stored - 1, hashOf(stored - 1), in: larger.base, mask: larger.capacity - 1)
            kept += 1
        }
        count = kept
        generation += 1
        let next = UnsafeMutablePointer<Header>.allocate(capacity: 1)
        next.initialize(to: Header(slots: larger.base, mask: larger.capacity - 1))
        headers.append(next)
        current.store(UnsafeRawPointer(next), ordering: .releasing)
        active.discard()
        retired.append(active)
        active = larger
        header = next
    }

    @inline(__always)
    private func place(_ id: UInt32, _ hash: UInt64, in slots: UnsafeMutablePointer<Atomic<UInt32>>, mask: Int) {
        var position = Int(truncatingIfNeeded: hash >> 7) & mask
        while slots[position].load(ordering: .relaxed) != 0 { position = (position &+ 1) & mask }
        slots[position].store(id &+ 1, ordering: .releasing)
    }
}
