import CapTesting
import CapabilityGraph
import Testing
import UCAN

/// Law 5: when the budget runs out the answer is `undetermined`: never allow, and never plain deny for what is allowed.
@Suite struct UndeterminedLawTests {
    @Test func tinyBudgetsNeverTurnOneAnswerIntoTheOther() throws {
        var undetermined = 0
        try Property.hold("undetermined", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 5
            let world = random.world(random.int(10, 30))
            var reference = ReferenceEvaluator()
            for step in world { _ = reference.play(step) }
            let live = reference.liveGrants(at: random.now)
            for budget in [1, 2, 3, 5, 8] {
                var limits = GraphRig.smallLimits
                limits.maxCheckNodes = budget
                let rig = try GraphRig(limits: limits)
                for step in world { _ = try rig.play(step) }
                rig.writer.commit()
                let snapshot = rig.graph.snapshot()
                let at = Timestamp(microseconds: random.now)
                for _ in 0..<15 {
                    let probe = Probe(&random, about: random.statements)
                    let question = try probe.question()
                    let decision = snapshot.check(question, at: at)
                    let expected = reference.isAllowed(
                        probe.principal, probe.ability, probe.resource, context: probe.context, live: live)
                    switch decision {
                    case .allow where !expected: return "allow with a budget of \(budget) for \(probe)"
                    case .deny where expected: return "deny with a budget of \(budget) for \(probe)"
                    case .undetermined:
                        undetermined += 1
                        if decision.isAllowed { return "undetermined opens the gate" }
                    case .allow, .deny: break
                    }
                    guard snapshot.explain(question, at: at).decision == decision else {
                        return "explain differs from check for \(probe)"
                    }
                }
            }
            return nil
        }
        #expect(undetermined > 0)
    }
}
