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

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let name = try arguments.required(shell)
        guard let shell = Shell(rawValue: name) else { throw .usage("no script for `\(name)`") }
        return Answer(text: shell.completion(of: CommandTable.root))
    }
}

/// Names the shells a completion script can be written for.
enum Shell: String, CaseIterable, Sendable {
    case bash
    case zsh
    case fish

    /// Writes the completion script of `root` for this shell.
    func completion(of root: Command) -> String {
        switch self {
        case .bash: BashCompletion.script(root)
        case .zsh: ZshCompletion.script(root)
        case .fish: FishCompletion.script(root)
        }
    }
}

/// Holds one command together with the commands above it: a row of the completion tables.
struct CommandPath: Sendable {
    let commands: [Command]

    /// Names from the root down, joined by spaces: `capq key new`.
    var name: String { commands.map(\.name).joined(separator: " ") }
    var command: Command? { commands.last }
    var flags: [Flag] { commands.flatMap(\.flags) }
    var options: [Option] { commands.flatMap(\.options) }

    /// Lists every command below and including `root`, parents first.
    static func all(below root: Command) -> [CommandPath] {
        var found: [CommandPath] = []
        var waiting = [CommandPath(commands: [root])]
        while let next = waiting.popLast() {
            found.append(next)
            let below = next.command?.subcommands ?? []
            waiting += below.reversed().map { CommandPath(commands: next.commands + [$0]) }
        }
        return found
    }

    /// Lists each word that leads to a command below, with the path it leads to.
    var steps: [(word: String, path: String)] {
        (command?.subcommands ?? []).flatMap { next in
            ([next.name] + next.aliases).map { (word: $0, path: "\(name) \(next.name)") }
        }
    }

    /// Lists the dashed spellings of every option and flag seen from here.
    var dashed: [(word: String, summary: String)] {
        options.map { ("--\($0.name)", $0.summary) } + flags.map { ("--\($0.name)", $0.summary) }
    }
}

extension Option {
    /// Lists the dashed spellings: long, then short.
    var spellings: [String] { ["--\(name)"] + (short.map { ["-\($0)"] } ?? []) }
}

/// Names the folders whose entries complete a word.
enum CompletionFolder: String {
    case keys
    case contexts
    /// One folder a context.
    case accounts

    /// Writes the shell command, for bash and zsh, that lists the names in the folder.
    var listing: String {
        let home = "\"${CAPQ_HOME:-$HOME/.config/capq}"
        switch self {
        case .keys, .contexts: return "ls \(home)/\(rawValue)\" 2>/dev/null | sed 's/\\.json$//'"
        case .accounts:
            return "find \(home)/contexts\" -path '*/accounts/*.json' 2>/dev/null"
                + " | sed 's|.*/||; s/\\.json$//' | sort -u"
        }
    }

    /// Writes the same command for fish.
    var fishListing: String {
        let names =
            switch self {
            case .keys, .contexts: "ls $CAPQ_HOME/\(rawValue) 2>/dev/null"
            case .accounts:
                "find $CAPQ_HOME/contexts -path '*/accounts/*.json' 2>/dev/null | string replace -r '.*/' ''"
            }
        return "(set -q CAPQ_HOME; or set -l CAPQ_HOME ~/.config/capq; \(names) | string replace -r '\\.json$' '')"
    }
}
