import CapTesting
import CapabilityGraph
import Testing

/// Law 2: the gate opens iff some path of live edges leads from a covering capability to an owner.
@Suite struct LivenessLawTests {
    @Test func everyAnswerIsTheReferences() throws {
        try Property.hold("liveness", cases: 400) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 8
            var reference = ReferenceEvaluator()
            let rig = try GraphRig()
            for step in random.world(random.int(5, 30)) {
                _ = reference.play(step)
                _ = try rig.play(step)
                rig.writer.commit()
            }
            for at in [random.now, random.now + Int64(random.int(1, 60)), random.now - Int64(random.int(1, 30))] {
                let comparison = Comparison(snapshot: rig.graph.snapshot(), reference: reference, at: at)
                if let difference = try comparison.all(&random, checks: 25) { return difference }
            }
            return nil
        }
    }
}
