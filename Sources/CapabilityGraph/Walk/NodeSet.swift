/// A small set of 32-bit ids in borrowed memory: no allocation, constant time, bounded.
struct NodeSet {
    private let slots: UnsafeMutableBufferPointer<UInt32>
    private let mask: Int
    private(set) var count = 0

    /// Slots needed for up to `nodes` members.
    static func slotCount(for nodes: Int) -> Int {
        var capacity = 16
        while capacity < nodes * 2 { capacity *= 2 }
        return capacity
    }

    init(slots: UnsafeMutableBufferPointer<UInt32>) {
        self.slots = slots
        mask = slots.count - 1
        slots.update(repeating: 0)
    }

    /// Where the search for an id begins, before the mask of the table.
    @inline(__always)
    static func slot(of id: UInt32) -> Int {
        Int(truncatingIfNeeded: UInt64(id) &* 0x9E37_79B9_7F4A_7C15 >> 32)
    }

    /// Adds an id; false when it was there already. The caller keeps the count below half of the slots.
    mutating func insert(_ id: UInt32) -> Bool {
        var position = Self.slot(of: id) & mask
        while slots[position] != 0 {
            if slots[position] == id &+ 1 { return false }
            position = (position &+ 1) & mask
        }
        slots[position] = id &+ 1
        count += 1
        return true
    }
}
