import CapTesting
import CapabilityGraph
import Testing
import UCAN

/// Law 3: a revocation is final and reaches everything derived, twins included; nothing that is sent again revives.
@Suite struct RevocationLawTests {
    @Test func nothingRevokedEverComesBack() throws {
        try Property.hold("revocation", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 5
            random.revoking = 4
            var reference = ReferenceEvaluator()
            let rig = try GraphRig()
            for step in random.world(25) {
                _ = reference.play(step)
                _ = try rig.play(step)
                rig.writer.commit()
            }
            let before = rig.graph.snapshot()
            let linesBefore = try GraphDump.lines(before, at: [random.now])
            // End a few, by their issuers.
            for _ in 0..<random.int(1, 4) where !reference.order.isEmpty {
                guard let target = reference.statement(random.pick(reference.order)) else { continue }
                let revocation = PlainRevocation(id: "end \(target.id)", target: target.id, signer: target.issuer)
                let step = PlainStep(at: random.now, .revoke(revocation))
                let outcome = try rig.play(step)
                rig.writer.commit()
                guard outcome == reference.play(step) else { return "\(outcome) for \(step)" }
                guard outcome == "revoked" || outcome == "alreadyRevoked" else { return "an issuer got \(outcome)" }
            }
            let ended = Set(reference.ended.keys)
            // Send everything again: as it was, in another encoding, and the revocations too.
            for statement in random.statements {
                var twin = statement
                twin.id = "second encoding of \(statement.id)"
                for again in [statement, twin] {
                    let step = PlainStep(at: random.now, .admit(again))
                    let outcome = try rig.play(step)
                    rig.writer.commit()
                    guard outcome == reference.play(step) else { return "\(outcome) for \(again)" }
                }
            }
            guard Set(reference.ended.keys) == ended else { return "the reference lost a revocation" }
            for at in [random.now, random.now + 30, random.now - 40] {
                let comparison = Comparison(snapshot: rig.graph.snapshot(), reference: reference, at: at)
                if let difference = try comparison.structure() { return difference }
                if let difference = try comparison.gate(25, &random) { return difference }
                // Whatever stands on an ended edge is dead for the family's rule at every instant.
                for name in reference.order where !reference.chain(of: name).isDisjoint(with: ended) {
                    guard let edge = comparison.edge(name),
                        comparison.snapshot.status(of: edge, at: comparison.time).name == "revoked"
                    else { return "`\(name)` rests on an ended edge and lives" }
                }
            }
            // And what was seen before is still seen as it was.
            guard try GraphDump.lines(before, at: [random.now]) == linesBefore else { return "an old snapshot changed" }
            return nil
        }
    }
}
