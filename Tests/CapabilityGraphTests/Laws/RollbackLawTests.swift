import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// Law 6 for failed commits: what was taken back leaves no trace, also when tables grew in between or grew full.
@Suite struct RollbackLawTests {
    @Test func aGraphForgetsWhatWasTakenBack() throws {
        try Property.hold("rollback", cases: 200) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 10
            let shaken = try GraphRig()
            let calm = try GraphRig()
            for _ in 0..<random.int(3, 10) {
                let batch = random.world(random.percent(15) ? 60 : random.int(1, 10))
                let count = shaken.records.count
                let before = shaken.graph.snapshot()
                let lines = try GraphDump.lines(before, at: [random.now])
                shaken.writer.begin()
                for step in batch { _ = try shaken.play(step) }
                guard shaken.graph.revision == before.revision else { return "an open batch is visible" }
                if random.percent(50) {
                    try shaken.rollback(to: count)
                    guard try GraphDump.lines(shaken.graph.snapshot(), at: [random.now]) == lines else {
                        return "a batch that was taken back shows"
                    }
                    continue
                }
                shaken.writer.commit()
                for step in batch { _ = try calm.play(step) }
                calm.writer.commit()
                guard try GraphDump.lines(before, at: [random.now]) == lines else { return "an old snapshot changed" }
            }
            guard shaken.records == calm.records else { return "the records differ" }
            if let difference = try GraphDump.difference(
                shaken.graph.snapshot(), calm.graph.snapshot(), at: [random.now, random.now + 15], &random)
            {
                return difference
            }
            for statement in random.statements {
                let id = Plain.multihash(statement.id)
                guard shaken.graph.snapshot().edge(id) == calm.graph.snapshot().edge(id) else {
                    return "`\(statement.id)` is found in one graph only"
                }
            }
            return nil
        }
    }

    @Test func aFullGraphGoesOnAnsweringAndTakesWhatStillFits() throws {
        var fullCount = 0
        try Property.hold("full", cases: 60) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 0
            random.revoking = 5
            var limits = GraphRig.smallLimits
            limits.maxEdges = random.int(8, 24)
            let tight = try GraphRig(limits: limits)
            let calm = try GraphRig()
            for step in random.world(60) {
                let count = tight.records.count
                let outcome: String
                do {
                    outcome = try tight.play(step)
                    tight.writer.commit()
                } catch let error as GraphError {
                    guard error.code == .full else { return "\(error)" }
                    fullCount += 1
                    try tight.rollback(to: count)
                    continue
                }
                guard try calm.play(step) == outcome else { return "\(step) ends differently in a nearly full graph" }
                calm.writer.commit()
            }
            guard tight.records == calm.records else { return "the records differ" }
            return try GraphDump.difference(
                tight.graph.snapshot(), calm.graph.snapshot(), at: [random.now, random.now + 15], &random)
        }
        #expect(fullCount > 0)
    }
}
