import CapTesting
import CapabilityGraph
import UCAN

/// A drawn world in a graph and in the reference, and one question of it after another.
struct QuestionWorld {
    var random: RandomAuthority
    var reference = ReferenceEvaluator()
    let rig: GraphRig
    let snapshot: Snapshot

    init(_ generator: SeededGenerator, steps: Int = 30) throws {
        random = RandomAuthority(generator)
        random.cheating = 8
        rig = try GraphRig()
        for step in random.world(steps) {
            _ = reference.play(step)
            _ = try rig.play(step)
        }
        rig.writer.commit()
        snapshot = rig.graph.snapshot()
    }

    /// The world again, to be changed.
    func copy() throws -> GraphRig { try GraphRig.replaying(rig.records) }

    mutating func probe() -> Probe { Probe(&random, about: random.statements) }

    func isAllowed(_ probe: Probe, by live: Set<ReferenceEvaluator.Grant>) -> Bool {
        reference.isAllowed(probe.principal, probe.ability, probe.resource, context: probe.context, live: live)
    }

    /// The statement behind an edge.
    func statement(_ edge: Snapshot.EdgeID) -> PlainStatement? {
        reference.order.compactMap(reference.statement).first { snapshot.edge(Plain.multihash($0.id)) == edge }
    }
}
