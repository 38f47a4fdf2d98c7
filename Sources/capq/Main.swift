import Glibc

/// Runs one command line from its words to its exit code.
enum Run {
    /// What one run prints and how it ends.
    struct Outcome: Sendable, Equatable {
        var exit: ExitCode
        var output = ""
        /// Sentences for standard error.
        var notes: [String] = []
        var failure: CommandError?
    }

    /// Answers `words`, the command line without the program's name.
    static func outcome(_ words: [String], _ process: ProcessEnvironment) -> Outcome {
        do throws(CommandError) {
            switch try Parser.parse(words, root: CommandTable.root) {
            case .help(let path):
                return Outcome(exit: .ok, output: HelpText.page(path))
            case .run(let command, let arguments):
                guard let action = command.action else { return Outcome(exit: .usage) }
                let style = OutputStyle(process, isFull: arguments[StandardOptions.full])
                let answer = try action(arguments, process)
                let output = try Printer(style: style).render(answer, as: format(arguments, answer, process))
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

    private static func format(_ arguments: Arguments, _ answer: Answer, _ process: ProcessEnvironment) -> OutputFormat
    {
        if let chosen = arguments[StandardOptions.output].flatMap({ OutputFormat(rawValue: $0) }) { return chosen }
        return process.isTerminal ? answer.terminalFormat : .json
    }
}

@main
enum Main {
    static func main() {
        // A reader that leaves early ends the run through the failed write, with an exit code in place of a signal.
        signal(SIGPIPE, SIG_IGN)
        let outcome = Run.outcome(Array(CommandLine.arguments.dropFirst()), .ofProcess())
        exit(Run.speak(outcome).rawValue)
    }
}
