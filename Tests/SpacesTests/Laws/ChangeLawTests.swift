import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// What holds of spaces whatever happens in them (design laws 3, 6). CAPGRAPH_CASES and CAPGRAPH_SEED as in `Property`.
@Suite struct ChangeLawTests {
    /// Drop every projection, replay the log, and get the same: in memory and in tables.
    @Test func whatIsKeptOfTheLogIsWhatItSays() throws {
        try Property.hold("projections = replay", cases: 40) { draw in
            var world = try RandomChanges(draw)
            for _ in 0..<40 { try world.step() }
            let path = world.rig.folder.path + "/log.sqlite"
            let replayed = SpaceCatalog()
            let differences = try GraphStore.compareProjections(
                path: path, families: [GraphOnly(TinyCloud()), replayed])
            guard differences.isEmpty else { return "\(differences)\n" + world.story.joined(separator: "\n") }
            let (now, then) = (try world.rig.store.catalog.described, replayed.described)
            guard now == then else {
                return "\(Set(now).symmetricDifference(then))\n" + world.story.joined(separator: "\n")
            }
            return nil
        }
    }

    /// Whichever door an edge is ended by, the same is left.
    @Test func oneEnd() throws {
        try Property.hold("one end", cases: 30) { draw in
            var world = try RandomChanges(draw)
            for _ in 0..<30 { try world.step() }
            guard let edge = try world.randomEdge() else { return nil }
            let twin = try RandomChanges(copying: world)
            let before = try world.answers()
            func end(_ world: RandomChanges, byToken: Bool) throws -> Bool {
                do {
                    try world.end(edge.id, byToken: byToken)
                } catch is ATProtoError {
                    return false
                } catch is AccessRefusal {
                    return false
                }
                let graph = world.rig.store.unprovenSnapshot()
                return graph.edge(edge.id).map { graph.view($0).ending != nil } ?? false
            }
            let (first, second) = (try end(world, byToken: true), try end(twin, byToken: false))
            let (left, right) = (try world.answers(), try twin.answers())
            let what = "\(edge.kind.name) of \(edge.audience) in \(edge.space)\n" + world.story.joined(separator: "\n")
            guard first == second else { return "one door ends what the other does not: " + what }
            guard left == right else { return "\(Set(left).symmetricDifference(right)) after the end of " + what }
            guard first || left == before else { return "a refused end changed something: " + what }
            return nil
        }
    }
}

extension SpaceCatalog {
    /// Everything in memory, in one order.
    fileprivate var described: [String] {
        let state = everything
        return state.spaces.filter { $0.value.record != nil || $0.value.tombstone != nil }.map { uri, entry in
            "\(uri) \(entry.record?.described ?? "-") \(String(describing: entry.tombstone)) "
                + "\(entry.edges.map { "\($0.key): \($0.value)" }.sorted())"
        }.sorted() + [
            "\(state.foreign.revoked.map { "\($0.key): \($0.value.map { "\($0.key) \($0.value)" }.sorted())" }.sorted())",
            "\(state.foreign.closed.map { "\($0.key): \($0.value)" }.sorted())",
        ]
    }
}

extension SpaceRecord {
    fileprivate var described: String {
        "\(number) \(uri) \(creator) \(owner) \(createdAt) \(updatedAt) \(settings)"
    }
}
