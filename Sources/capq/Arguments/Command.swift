/// Describes one command: what it takes, what it says of itself and what it runs.
///
/// Parsing, help and completion all read this one value, so they cannot disagree.
struct Command: Sendable {
    /// Answers one run; throws `Failure` when there is no answer.
    typealias Action = @Sendable (Arguments, Surroundings) throws(Failure) -> Answer

    let name: String
    let aliases: [String]
    /// One line without a full stop.
    let summary: String
    /// Paragraphs shown by the command's own help.
    let discussion: String
    let flags: [Flag]
    let options: [Option]
    let positionals: [Positional]
    let subcommands: [Command]
    let examples: [Example]
    /// Exit codes the command can end with beside 0, 1 and 2.
    let exits: [ExitCode]
    /// Nil when the command only groups others.
    let action: Action?

    init(
        _ name: String,
        aliases: [String] = [],
        summary: String,
        discussion: String = "",
        flags: [Flag] = [],
        options: [Option] = [],
        positionals: [Positional] = [],
        subcommands: [Command] = [],
        examples: [Example] = [],
        exits: [ExitCode] = [],
        action: Action? = nil
    ) {
        self.name = name
        self.aliases = aliases
        self.summary = summary
        self.discussion = discussion
        self.flags = flags
        self.options = options
        self.positionals = positionals
        self.subcommands = subcommands
        self.examples = examples
        self.exits = exits
        self.action = action
    }

    /// Finds a sub-command by name or alias.
    func subcommand(named word: String) -> Command? {
        subcommands.first { command in
            command.name.hasSameBytes(as: word) || command.aliases.contains { $0.hasSameBytes(as: word) }
        }
    }
}
