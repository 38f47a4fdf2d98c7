import UCAN

/// What is supposed to have ended: a set of edges laid over a snapshot, which answers every question as if they had.
///
/// Nothing of the graph changes, and the gate reads plain snapshots.
final class Overlay: Sendable {
    /// Ascending, each once.
    let edges: [UInt32]
    /// In whose name they are supposed to end.
    let actor: DID
    private let bits: [UInt64]

    init(ending edges: some Sequence<UInt32>, by actor: DID) {
        self.edges = Set(edges).sorted()
        self.actor = actor
        var bits = [UInt64](repeating: 0, count: Int((self.edges.last ?? 0) >> 6) + 1)
        for edge in self.edges { bits[Int(edge >> 6)] |= 1 << UInt64(edge & 63) }
        self.bits = bits
    }

    func ends(_ edge: UInt32) -> Bool {
        let word = Int(edge >> 6)
        return word < bits.count && bits[word] >> UInt64(edge & 63) & 1 == 1
    }
}

extension Snapshot {
    /// The same with these edges ended as well, all in one moment.
    func ending(_ edges: some Sequence<UInt32>, by actor: DID) -> Snapshot {
        Snapshot(
            graph: graph, revision: revision, overlay: Overlay(ending: Array(edges) + (overlay?.edges ?? []), by: actor)
        )
    }
}
