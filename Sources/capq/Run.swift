/// Runs one command line from its words to its exit code.
enum Run {
    /// What one run prints and how it ends.
    struct Outcome: Sendable, Equatable {
        var exit: ExitCode
        var output = ""
        /// Sentences for standard error.
        var notes: [String] = []
        var failure: Failure?
    }

    /// Answers `words`, the command line without the program's name.
    static func outcome(_ words: [String], _ surroundings: Surroundings) -> Outcome {
        do throws(Failure) {
            switch try Parser.parse(words, root: CommandTable.root) {
            case .help(let path):
                return Outcome(exit: .ok, output: HelpText.page(path))
            case .run(let command, let arguments):
                guard let action = command.action else { return Outcome(exit: .usage) }
                let style = OutputStyle(surroundings, isFull: arguments[StandardOptions.full])
                let answer = try action(arguments, surroundings)
                let output = try Printer(style: style).render(answer, as: format(arguments, answer, surroundings))
                return Outcome(exit: answer.exit, output: output, notes: answer.notes)
            }
        } catch {
            return Outcome(exit: error.exit, failure: error)
        }
    }

    /// Speaks the outcome; the caller leaves with the code returned.
    static func speak(_ outcome: Outcome) -> ExitCode {
        for note in outcome.notes { TerminalVoice.say(note) }
        if !outcome.output.isEmpty, !TerminalVoice.answer(outcome.output) { return .failure }
        if let failure = outcome.failure { TerminalVoice.complain(failure) }
        return outcome.exit
    }

    private static func format(_ arguments: Arguments, _ answer: Answer, _ surroundings: Surroundings) -> OutputFormat {
        if let chosen = arguments[StandardOptions.output].flatMap({ OutputFormat(rawValue: $0) }) { return chosen }
        return surroundings.isTerminal ? answer.terminalFormat : .json
    }
}
