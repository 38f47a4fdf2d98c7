/// `capq completion`: prints the script that lets a shell complete capq's words.
enum CompletionCommand {
    static let shell = Positional("SHELL", "bash, zsh or fish", kind: .choice(Shell.allCases.map(\.rawValue)))

    static let command = Command(
        "completion",
        summary: "print the completion script of a shell",
        positionals: [shell],
        examples: [
            Example("capq completion bash > capq.bash", "then `source capq.bash`, or put it in your completion folder"),
            Example("capq completion zsh > _capq", "put it in a folder of `$fpath`"),
            Example("capq completion fish > capq.fish", "put it in ~/.config/fish/completions"),
        ],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let name = try arguments.required(shell)
        guard let shell = Shell(rawValue: name) else { throw .usage("no script for `\(name)`") }
        return Answer(text: shell.completion(of: CommandTable.root))
    }
}
