import CapTesting
import Testing

/// Random operations of several people against a small independent model (law: the host says what its rows say).
///
/// CAPGRAPH_CASES=32800 plays 10,000 operations; by default it is a tenth of that.
@Suite struct SpaceModelTests {
    @Test(.timeLimit(.minutes(20))) func theHostAgreesWithTheModel() throws {
        let total = Environment.value("CAPGRAPH_CASES").flatMap { Int($0) } ?? Property.defaultTotal
        let seed =
            Environment.value("CAPGRAPH_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let steps = max(50, total * 1000 / Property.defaultTotal)
        var play = try SpacePlay(seed: seed)
        for step in 0..<steps {
            do {
                try play.step()
                try play.compareSample()
                if step % 50 == 49 || step == steps - 1 { try play.compareAll() }
                if step % 1000 == 999 { try play.passTwoHours() }
            } catch {
                Issue.record("step \(step) of seed \(seed) (CAPGRAPH_SEED=\(seed) CAPGRAPH_CASES=\(total)): \(error)")
                return
            }
        }
    }
}
