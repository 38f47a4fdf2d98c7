/// Describes one command: what it takes, what it says of itself and what it runs.
///
/// Parsing, help and completion all read this one value, so they cannot disagree.
struct Command: Sendable {
    /// Answers one run; throws `CommandError` when there is no answer.
    typealias Action = @Sendable (Arguments, ProcessEnvironment) throws(CommandError) -> Answer

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

/// Describes a switch that takes no value, as in `--full`.
struct Flag: Sendable, Equatable {
    /// Long name without dashes.
    let name: String
    /// One-letter name without its dash.
    let short: Character?
    let summary: String

    init(_ name: String, short: Character? = nil, _ summary: String) {
        self.name = name
        self.short = short
        self.summary = summary
    }
}

/// Describes a named value, as in `--space ID` or `--space=ID`.
struct Option: Sendable, Equatable {
    /// Long name without dashes.
    let name: String
    /// One-letter name without its dash.
    let short: Character?
    /// What stands for the value in help, as in `CID`.
    let placeholder: String
    let kind: ValueKind
    /// Whether it may be given more than once.
    let repeats: Bool
    let summary: String

    init(
        _ name: String,
        short: Character? = nil,
        _ placeholder: String,
        _ summary: String,
        kind: ValueKind = .text,
        repeats: Bool = false
    ) {
        self.name = name
        self.short = short
        self.placeholder = placeholder
        self.kind = kind
        self.repeats = repeats
        self.summary = summary
    }
}

/// Describes a value known by its place on the line, as in `chain CID`.
struct Positional: Sendable, Equatable {
    /// What stands for the value in help, as in `CID`.
    let name: String
    let kind: ValueKind
    let isRequired: Bool
    let summary: String

    init(_ name: String, _ summary: String, kind: ValueKind = .text, isRequired: Bool = true) {
        self.name = name
        self.kind = kind
        self.isRequired = isRequired
        self.summary = summary
    }
}

/// Says what a value on the command line may be: checked when parsed, offered when completed.
enum ValueKind: Sendable, Equatable {
    case text
    case file
    case choice([String])
    case integer(ClosedRange<Int>)
    /// A count and a unit out of `s`, `m`, `h`, `d`, as in `90s` or `7d`.
    case duration
    /// The name of a key file in the key folder, or a path to one.
    case key
    /// The name of a context.
    case context
    /// The handle of an account that is logged in.
    case account

    /// Checks `value`; `owner` names the option or argument in the message.
    func validate(_ value: String, owner: String) throws(CommandError) {
        switch self {
        case .text, .file, .key, .context, .account:
            guard !value.isEmpty else { throw .usage("\(owner) is empty") }
        case .choice(let choices):
            guard !choices.contains(where: { $0.hasSameBytes(as: value) }) else { return }
            let near = Suggestion.nearest(to: value, among: choices)
            let hint = near.map { "did you mean `\($0)`?" } ?? "one of \(choices.joined(separator: ", "))"
            throw .usage("\(owner) cannot be `\(value)`", hint: hint)
        case .integer(let range):
            guard let number = Int(value), range.contains(number) else {
                throw .usage(
                    "\(owner) cannot be `\(value)`",
                    hint: "a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
        case .duration:
            guard Span.seconds(value) != nil else {
                throw .usage("\(owner) cannot be `\(value)`", hint: "a count and a unit: 90s, 15m, 12h, 7d")
            }
        }
    }
}

/// Shows one way to run a command, in a form a POSIX shell runs as it stands.
///
/// `$CID`, `$SPACE`, `$BOB` and the other names in capitals are set by whoever runs the examples, and so are the files
/// and keys they name, unless `setUp` makes them.
struct Example: Sendable, Equatable {
    /// What a run of the line needs to be there first.
    enum Stage: Sendable, Equatable {
        /// Nothing but a writable home.
        case alone
        /// A service at `$CAPQ_URL`, a session on it and the names in capitals.
        case service
        /// A service at `$CAPQ_URL` with the accounts alice, who is current, and bob, a default space of alice with bob
        /// in it, and the names in capitals.
        case accounts
    }

    let line: String
    /// A line run first and not shown, for examples that need something to be there.
    let setUp: String?
    let note: String
    let exit: ExitCode
    let stage: Stage

    init(
        _ line: String,
        _ note: String,
        exit: ExitCode = .ok,
        stage: Stage = .alone,
        setUp: String? = nil
    ) {
        self.line = line
        self.setUp = setUp
        self.note = note
        self.exit = exit
        self.stage = stage
    }
}
