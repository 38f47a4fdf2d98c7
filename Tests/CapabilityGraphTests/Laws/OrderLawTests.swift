import CapTesting
import CapabilityGraph
import Testing
import UCAN

/// Law 4: the same statements give the same graph in whatever order they arrive; children before parents are refused
/// with `missingProof` and taken when they come again.
@Suite struct OrderLawTests {
    @Test func anyOrderWithRetriesGivesTheSameGraph() throws {
        try Property.hold("order", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.revoking = 0
            _ = random.world(random.int(5, 25))
            let statements = random.statements
            let now = random.now
            var reference = ReferenceEvaluator()
            for statement in statements { _ = reference.admit(statement, at: now) }
            Self.retryUntilQuiet(statements) { reference.admit($0, at: now) }

            let rig = try GraphRig()
            var shuffled = statements
            shuffled.shuffle(using: &random.random)
            var failure: String?
            Self.retryUntilQuiet(shuffled) { statement in
                let outcome = (try? rig.admit(statement, at: now)) ?? "thrown"
                if outcome == "thrown" { failure = "\(statement) throws" }
                return outcome
            }
            if let failure { return failure }
            // Which encoding came first differs, which statements are known does not.
            guard rig.graph.snapshot().edgeCount == reference.order.count else {
                return "\(rig.graph.snapshot().edgeCount) edges, expected \(reference.order.count)"
            }
            for at in [now, now + 20] {
                let comparison = Comparison(snapshot: rig.graph.snapshot(), reference: reference, at: at)
                if let difference = try comparison.all(&random, checks: 15) { return difference }
            }
            // The same revocations end the same in both.
            for _ in 0..<3 where !statements.isEmpty {
                let target = random.pick(statements)
                let step = PlainStep(
                    at: now,
                    .revoke(
                        PlainRevocation(
                            id: "end", target: target.id, signer: random.pick([target.issuer, target.audience]))))
                let outcome = try rig.play(step)
                rig.writer.commit()
                guard outcome == reference.play(step) else { return "\(outcome) for \(step)" }
            }
            return try Comparison(snapshot: rig.graph.snapshot(), reference: reference, at: now).all(
                &random, checks: 15)
        }
    }

    /// Offers what lacks a proof again, until a whole round changes nothing.
    static func retryUntilQuiet(_ statements: [PlainStatement], _ admit: (PlainStatement) -> String) {
        var waiting = statements
        while true {
            let left = waiting.filter { admit($0) == "missingProof" }
            if left.count == waiting.count || left.isEmpty { return }
            waiting = left
        }
    }

    @Test func childrenFirstAreRefusedAndTakenLater() throws {
        typealias First = FirstStepsTests
        let rig = try GraphRig()
        #expect(try rig.admit(First.subgrant, at: First.now) == "missingProof")
        #expect(try rig.admit(First.grant, at: First.now) == "missingProof")
        #expect(rig.graph.snapshot().edgeCount == 0)
        #expect(rig.records.isEmpty)
        #expect(try rig.admit(First.root, at: First.now) == "admitted")
        #expect(try rig.admit(First.subgrant, at: First.now) == "missingProof")
        #expect(try rig.admit(First.grant, at: First.now) == "admitted")
        #expect(try rig.admit(First.subgrant, at: First.now) == "admitted")
    }
}
