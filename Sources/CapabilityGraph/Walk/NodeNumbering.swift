/// Numbers 32-bit ids in the order in which they are first seen, in borrowed memory: no allocation, constant time,
/// bounded.
struct NodeNumbering {
    private let slots: UnsafeMutableBufferPointer<UInt32>
    private let nodes: UnsafeMutableBufferPointer<UInt32>
    private let mask: Int
    private(set) var count = 0

    /// Takes room for as many ids as `nodes` holds, and `NodeSet.slotCount` of that many slots.
    init(slots: UnsafeMutableBufferPointer<UInt32>, nodes: UnsafeMutableBufferPointer<UInt32>) {
        self.slots = slots
        self.nodes = nodes
        mask = slots.count - 1
        slots.update(repeating: 0)
    }

    subscript(position: Int) -> UInt32 {
        @inline(__always) get { nodes[position] }
    }

    /// Gives the number of an id, the next free one when it is new; nil when it is new and there is no room.
    @inline(__always)
    mutating func number(_ id: UInt32) -> Int? {
        var slot = NodeSet.slot(of: id) & mask
        while slots[slot] != 0 {
            let position = Int(slots[slot] &- 1)
            if nodes[position] == id { return position }
            slot = (slot &+ 1) & mask
        }
        guard count < nodes.count else { return nil }
        nodes[count] = id
        count += 1
        slots[slot] = UInt32(count)
        return count - 1
    }
}
