import Synchronization

/// Numbers the spaces that resources lie in and remembers since when each is hosted here.
final class SpaceNumbering: @unchecked Sendable {
    // @unchecked: rows are written once by the one writer before they are published; `hostedAt` is atomic.
    private let rows: Column<SpaceRow>
    private let hostedAt: Column<Atomic<UInt32>>
    /// Space number plus one by term id of the space's text.
    private let byTerm: Column<UInt32>
    private(set) var count = 0

    init(limits: GraphLimits) throws(GraphError) {
        rows = try Column(capacity: limits.maxEdges)
        hostedAt = try Column(capacity: limits.maxEdges)
        byTerm = try Column(capacity: limits.maxEdges * 4)
    }

    deinit {
        rows.release()
        hostedAt.release()
        byTerm.release()
    }

    func row(_ space: UInt32) -> SpaceRow { rows[space] }

    func find(term: UInt32) -> UInt32? {
        let stored = byTerm[term]
        return stored == 0 ? nil : stored - 1
    }

    func intern(text: UInt32, owner: UInt32, journal: Journal) throws(GraphError) -> UInt32 {
        if let found = find(term: text) { return found }
        guard count < rows.capacity else { throw GraphError(.full, "the space table is full") }
        let space = UInt32(count)
        rows[space] = SpaceRow(text: text, owner: owner)
        hostedAt.base[Int(space)].store(0, ordering: .relaxed)
        byTerm[text] = space + 1
        count += 1
        journal.note(.space(space))
        return space
    }

    func removeNewest(_ space: UInt32) {
        byTerm[rows[space].text] = 0
        count -= 1
    }

    func host(_ space: UInt32, at revision: UInt32, journal: Journal) {
        hostedAt.base[Int(space)].store(revision, ordering: .releasing)
        journal.note(.hosted(space))
    }

    func unhost(_ space: UInt32) {
        hostedAt.base[Int(space)].store(0, ordering: .releasing)
    }

    /// The revision at which the space began to be hosted, or 0.
    func hostedAt(_ space: UInt32) -> UInt32 {
        hostedAt.base[Int(space)].load(ordering: .acquiring)
    }
}
