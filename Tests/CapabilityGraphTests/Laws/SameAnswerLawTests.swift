import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// Law 6: batch = each, replay(log) = live, as-of(r) = replay to r, and explain agrees with check.
@Suite struct SameAnswerLawTests {
    @Test func batchesGiveWhatSingleChangesGive() throws {
        try Property.hold("batch = each", cases: 200) { generator in
            var random = RandomAuthority(generator)
            let single = try GraphRig()
            let batched = try GraphRig()
            for step in random.world(30) {
                let outcome = try single.play(step)
                single.writer.commit()
                guard try batched.play(step) == outcome else { return "\(step) ends differently inside a batch" }
                if random.percent(20) { batched.writer.commit() }
            }
            batched.writer.commit()
            guard single.records == batched.records else { return "the records differ" }
            return try GraphDump.difference(
                single.graph.snapshot(), batched.graph.snapshot(), at: [random.now, random.now + 15], &random)
        }
    }

    @Test func theLogGivesTheLiveGraphBackAndGoesOnWithTheSameBytes() throws {
        try Property.hold("replay = live", cases: 200) { generator in
            var random = RandomAuthority(generator)
            let live = try GraphRig()
            live.hosting = random.percent(50) ? .open : .explicit
            for step in random.world(random.int(1, 30)) { _ = try live.play(step) }
            live.writer.commit()
            let replayed = try GraphRig.replaying(live.records)
            replayed.hosting = live.hosting
            guard replayed.graph.revision == live.graph.revision else { return "the revisions differ" }
            let times = [random.now, random.now + 15]
            if let difference = try GraphDump.difference(
                live.graph.snapshot(), replayed.graph.snapshot(), at: times, &random)
            {
                return difference
            }
            let before = live.records.count
            for step in random.world(12) {
                let outcome = try live.play(step)
                guard try replayed.play(step) == outcome else { return "\(step) ends differently after replay" }
            }
            guard Array(live.records[before...]) == replayed.records else { return "later records differ" }
            return nil
        }
    }

    @Test func anEarlierRevisionIsTheLogUpToThere() throws {
        try Property.hold("as-of = replay to", cases: 120) { generator in
            var random = RandomAuthority(generator)
            let live = try GraphRig()
            for step in random.world(30) {
                _ = try live.play(step)
                if random.percent(40) { live.writer.commit() }
            }
            live.writer.commit()
            for _ in 0..<4 {
                let count = random.int(0, live.records.count)
                let cut = try GraphRig.replaying(Array(live.records[..<count]))
                let asOf = live.graph.snapshot(at: UInt32(count))
                if let difference = try GraphDump.difference(
                    asOf, cut.graph.snapshot(), at: [random.now, random.now - 10], &random)
                {
                    return "at revision \(count): \(difference)"
                }
            }
            return nil
        }
    }

    @Test func explanationsAgreeWithDecisions() throws {
        var causes: Set<String> = []
        try Property.hold("explain", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 8
            var reference = ReferenceEvaluator()
            let rig = try GraphRig()
            for step in random.world(25) {
                _ = reference.play(step)
                _ = try rig.play(step)
            }
            rig.writer.commit()
            let snapshot = rig.graph.snapshot()
            for _ in 0..<25 {
                let probe = Probe(&random, about: random.statements)
                let at = Timestamp(microseconds: random.now + Int64(random.int(-20, 60)))
                let judge = ExplanationJudge(snapshot: snapshot, question: try probe.question(), at: at)
                causes.insert(judge.decisionCode)
                if let difference = judge.difference() { return "\(difference) for \(probe) at \(at.microseconds)" }
            }
            return nil
        }
        for code in ["allow", "noRoute", "expired", "revoked", "abilityNotCovered", "resourceNotCovered"] {
            #expect(causes.contains(code), "no case drew \(code): \(causes)")
        }
    }
}
