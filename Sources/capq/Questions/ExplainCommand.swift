import CapClient
import Multiformats
import UCAN

/// `capq explain`: says why something is allowed or refused, what came nearest, and what would change it.
enum ExplainCommand {
    static let fix = Flag("fix", "print only the command that mends a refusal")

    static let command = Command(
        "explain",
        summary: "say why somebody may or may not, what came nearest, and what would change it",
        discussion: """
            After a refusal: what came nearest to an allowance, the nearest first, and the smallest fix with who can make it.
            After an allowance: the ways that lead to it, and what to revoke to stop it. `--fix` prints the command of the
            first fix alone, with exit code 3 where there is none. Exit codes are else those of `capq check`.
            """,
        flags: [fix],
        options: [SigningOptions.space, CheckCommand.given, SigningOptions.at, AccountOptions.acting],
        positionals: [CheckCommand.principal, CheckCommand.ability, CheckCommand.resource],
        examples: [
            Example(
                "capq explain \"$BOB\" tinycloud.kv/del kv/notes/today", "why may he not, and who could let him",
                exit: .deny, stage: .service),
            Example(
                "capq explain \"$BOB\" tinycloud.kv/get kv/notes/today", "why may he, and how to stop it",
                stage: .service),
            Example(
                "capq explain \"$BOB\" tinycloud.kv/del kv/notes/today --fix", "the command that would let him",
                stage: .service),
            Example("capq explain bob manage space", "why may bob not manage the forum", exit: .deny, stage: .accounts),
        ],
        exits: [.deny, .undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let (decision, question, source) = try CheckCommand.decide(arguments, process, explained: true)
        let place = place(arguments)
        if arguments[fix] {
            let commands = (decision.json["fixes"]?.array ?? []).lazy.compactMap { Self.command($0, place) }
            guard let command = commands.first else {
                return Answer(exit: decision.decision == .allow ? .ok : .deny, text: "")
            }
            return Answer(text: PrintableText.of(command) + "\n")
        }
        var answer = CheckAnswer.answer(decision)
        let screen = ExplainScreen(
            decision: decision, space: SpaceText.space(of: question.resource) ?? source.space, now: source.now,
            place: place)
        answer.blocks = [.table(Table(fields: screen.fields))]
        answer.notes += screen.notes
        return answer
    }

    /// The command of a fix; one that asks again asks where this question was asked.
    static func command(_ fix: JSON, _ place: String) -> String? {
        guard let command = fix["command"]?.string else { return nil }
        return fix["class"]?.number?.int64 == 0 ? command + place : command
    }

    /// The options by which it was said where to ask, to be said again.
    private static func place(_ arguments: Arguments) -> String {
        [
            StandardOptions.context, StandardOptions.url, StandardOptions.database, StandardOptions.key,
            SigningOptions.space, AccountOptions.acting,
        ].map { option in
            guard let value = arguments[option] else { return "" }
            let word = value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            let isPlain = value.utf8.allSatisfy { byte in
                (0x30...0x3A).contains(byte) || (0x61...0x7A).contains(byte) || (0x40...0x5A).contains(byte)
                    || (0x2D...0x2F).contains(byte) || byte == 0x5F
            }
            return " --\(option.name) " + (isPlain && !value.isEmpty ? value : "'\(word)'")
        }.joined()
    }
}
