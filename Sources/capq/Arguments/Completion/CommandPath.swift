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
