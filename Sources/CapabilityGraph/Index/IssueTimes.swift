import Synchronization

/// Keeps when the tokens of edges say they were issued: a time for each edge whose token says it, found by counting the
/// edges before it that have one.
final class IssueTimes: @unchecked Sendable {
    // @unchecked: one writer; a reader looks only at the bits of edges below its own, which never change any more.
    /// A bit for each edge, set where there is a time.
    private let bits: Column<Atomic<UInt64>>
    /// The number of times before the edges of each word.
    private let before: Column<UInt32>
    /// Microseconds since 1970.
    private let times: Column<Int64>

    init(limits: GraphLimits) throws(GraphError) {
        bits = try Column(capacity: limits.maxEdges / 64 + 1)
        before = try Column(capacity: limits.maxEdges / 64 + 1)
        times = try Column(capacity: limits.maxEdges)
    }

    deinit {
        bits.release()
        before.release()
        times.release()
    }

    private(set) var count = 0

    /// Takes the newest edge, and its time if there is one. What was said of it and of later ones is forgotten.
    func append(_ edge: UInt32, _ time: Int64?) {
        let (word, bit) = Self.place(edge)
        let earlier = bits.base[word].load(ordering: .relaxed) & (bit - 1)
        if earlier == 0 { before[word] = UInt32(count) }
        bits.base[word].store(time == nil ? earlier : earlier | bit, ordering: .relaxed)
        guard let time else { return }
        times[count] = time
        count += 1
    }

    /// Takes back all but the oldest `count` times; `append` forgets their edges.
    func cut(to count: Int) { self.count = count }

    /// The time of an edge that has one.
    subscript(edge: UInt32) -> Int64 {
        let (word, bit) = Self.place(edge)
        let earlier = bits.base[word].load(ordering: .relaxed) & (bit - 1)
        return times[Int(before[word]) + earlier.nonzeroBitCount]
    }

    private static func place(_ edge: UInt32) -> (word: Int, bit: UInt64) { (Int(edge >> 6), 1 << UInt64(edge & 63)) }
}
