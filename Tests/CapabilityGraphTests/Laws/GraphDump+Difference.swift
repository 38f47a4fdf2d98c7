import CapTesting
import CapabilityGraph
import UCAN

extension GraphDump {
    /// The first difference of two snapshots, or nil; both also answer the same drawn questions.
    static func difference(
        _ first: Snapshot, _ second: Snapshot, at times: [Int64], _ random: inout RandomAuthority
    ) throws -> String? {
        let left = try lines(first, at: times)
        let right = try lines(second, at: times)
        for (one, other) in zip(left, right) where one != other { return "`\(one)` against `\(other)`" }
        guard left.count == right.count else { return "\(left.count) lines against \(right.count)" }
        for _ in 0..<20 {
            let question = try Probe(&random, about: random.statements).question()
            let time = Timestamp(microseconds: random.pick(times))
            let answers = (first.check(question, at: time), second.check(question, at: time))
            guard answers.0 == answers.1 else { return "\(answers.0) against \(answers.1) for \(question)" }
        }
        return nil
    }
}
