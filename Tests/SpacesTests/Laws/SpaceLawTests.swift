import CapTesting
import Storage
import Testing

/// What the gate lets through is what the specification's statements amount to, whatever came before and by whichever
/// door it ended.
///
/// Each case is a history of changes and questions after each of them; `CAPGRAPH_CASES=1640000` plays 100,000 of them.
@Suite struct SpaceLawTests {
    private static let changes = 24
    private static let questionsEach = 6

    /// Every other case on a file, the rest on the engine in memory.
    @Test func theGateAgreesWithTheReference() throws {
        try Property.hold("gate and reference", cases: 200) { generator in
            let isInMemory = generator.seed & 1 == 1
            var random = RandomSpaces(generator)
            let history = random.history(Self.changes)
            let questions = (0..<Self.changes * Self.questionsEach).map { _ in random.question() }
            guard let found = try Self.difference(history, questions, afterEach: Self.questionsEach, isInMemory)
            else { return nil }
            return try Self.shrunk(found)
        }
    }

    /// Two answers that are not the same, and what led there.
    private struct Difference {
        var history: [PlainSpaceChange]
        var question: PlainQuestion?
        var text: String
        let isInMemory: Bool

        var story: String {
            let lines = history.enumerated().map { "  \($0.offset + 1). \($0.element)" }
            let all = ([text + (isInMemory ? ", in memory" : "")] + lines + (question.map { ["  ? \($0)"] } ?? []))
                .joined(separator: "\n")
            return Self.noise.reduce(all) { text, noise in text.split(separator: noise).joined() }
        }

        /// What says nothing in a story.
        private static let noise = [
            ": nil", "SpacesTests.", "CapTesting.", "PlainSpace.", "PlainSettings", "did:web:", ".here.example",
            "/space/com.example.forum",
        ]
    }

    /// Plays a history to both; some questions come after each change, and all that are left after the last.
    private static func difference(
        _ history: [PlainSpaceChange], _ questions: [PlainQuestion], afterEach count: Int, _ isInMemory: Bool
    ) throws -> Difference? {
        let product = try SpaceHistory(engine: isInMemory ? MemoryEngine() : nil)
        var reference = PlainSpaces(hosted: Set(RandomSpaces.people))
        var open = questions[...]
        for (index, change) in history.enumerated() {
            let before = Array(history.prefix(index + 1))
            let (expected, found) = (reference.play(change), try product.play(change))
            guard expected == found else {
                return Difference(
                    history: before, question: nil,
                    text: "the last change is \(found ? "made" : "refused") by the product", isInMemory: isInMemory)
            }
            let isLast = index == history.count - 1
            for question in open.prefix(isLast ? open.count : count) {
                open = open.dropFirst()
                guard reference.knows(question.caller) else { continue }
                guard let expected = reference.allows(question.deed, question.caller, on: question.space) else {
                    continue
                }
                let found = try product.allows(question)
                guard try product.check(question) ?? found == found else {
                    return Difference(
                        history: before, question: question, text: "check and the gate disagree",
                        isInMemory: isInMemory)
                }
                if found != expected {
                    return Difference(
                        history: before, question: question, text: "the gate says \(found ? "yes" : "no")",
                        isInMemory: isInMemory)
                }
            }
        }
        return nil
    }

    /// Leaves out changes one by one as long as the same question still has two answers.
    private static func shrunk(_ found: Difference) throws -> String {
        guard let question = found.question else { return found.story }
        var best = found
        var index = best.history.count - 1
        while index >= 0 {
            var fewer = best.history
            fewer.remove(at: index)
            // What counts by number would mean another one.
            let isCounted =
                switch best.history[index] {
                case .mint, .invite, .give: true
                default: false
                }
            if !isCounted, let smaller = try? difference(fewer, [question], afterEach: 0, found.isInMemory),
                smaller.question == question
            {
                best = smaller
            }
            index = min(index, best.history.count) - 1
        }
        return best.story
    }
}
