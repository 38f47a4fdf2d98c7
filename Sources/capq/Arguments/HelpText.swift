/// Prints the help of a command from its description.
enum HelpText {
    /// Writes the line that shows how the last command of `path` is called.
    static func usage(_ path: [Command]) -> String {
        guard let command = path.last else { return "" }
        var words = path.map(\.name)
        if !command.subcommands.isEmpty { words.append("COMMAND") }
        words += command.positionals.map { $0.isRequired ? $0.name : "[\($0.name)]" }
        words.append("[OPTIONS]")
        return words.joined(separator: " ")
    }

    /// Writes the whole help of the last command of `path`.
    static func page(_ path: [Command]) -> String {
        guard let root = path.first, let command = path.last else { return "" }
        var sections = ["\(path.map(\.name).joined(separator: " ")): \(command.summary)", "usage: \(usage(path))"]
        if !command.aliases.isEmpty { sections.append("also: \(command.aliases.joined(separator: ", "))") }
        if !command.discussion.isEmpty { sections.append(command.discussion) }
        if !command.subcommands.isEmpty {
            sections.append(section("commands", command.subcommands.map { ($0.name, $0.summary) }))
        }
        if !command.positionals.isEmpty {
            sections.append(section("arguments", command.positionals.map { ($0.name, $0.summary) }))
        }
        if path.count > 1, !command.flags.isEmpty || !command.options.isEmpty {
            sections.append(section("options", rows(command)))
        }
        sections.append(section(path.count > 1 ? "options everywhere" : "options", rows(root)))
        if !command.examples.isEmpty {
            let lines = command.examples.flatMap { ["  # \($0.note)", "  $ \($0.line)"] }
            sections.append((["examples:"] + lines).joined(separator: "\n"))
        }
        let exits = path.count > 1 ? [.ok, .failure, .usage] + command.exits : ExitCode.allCases
        sections.append(section("exit codes", exits.map { (String($0.rawValue), $0.meaning) }))
        return sections.joined(separator: "\n\n") + "\n"
    }

    private static func rows(_ command: Command) -> [(String, String)] {
        command.options.map { option in
            let repeats = option.repeats ? " (may repeat)" : ""
            return (names(option.short, option.name) + " \(option.placeholder)", option.summary + repeats)
        } + command.flags.map { (names($0.short, $0.name), $0.summary) }
    }

    private static func names(_ short: Character?, _ long: String) -> String {
        (short.map { "-\($0), " } ?? "    ") + "--\(long)"
    }

    private static func section(_ title: String, _ rows: [(String, String)]) -> String {
        let width = rows.map(\.0.count).max() ?? 0
        let lines = rows.map { row in
            "  " + row.0 + String(repeating: " ", count: width - row.0.count + 2) + row.1
        }
        return (["\(title):"] + lines).joined(separator: "\n")
    }
}
