@testable import capq

/// Writes the reference page of capq from its table of commands.
enum ReferencePage {
    static func markdown() -> String {
        var lines = [
            "# capq", "",
            "\(HelpTests.paths[0].command?.summary.capitalizedFirst ?? ""), from the command line. `capq COMMAND --help`",
            "says all there is to say about a command; this page shows what each is for. The examples run in the test suite.",
            "", "## Exit codes", "", "| code | meaning |", "|---|---|",
        ]
        lines += ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |" }
        lines += [
            "", "## Files", "",
            "Everything lies in `$CAPQ_HOME`, or `~/.config/capq` when that is not set, readable by its owner only:",
            "`config.json` (contexts), `keys/NAME.json` (keys), `contexts/NAME/session.json` (the session a login left),",
            "`contexts/NAME/accounts/HANDLE.json` (sessions of accounts), `contexts/NAME/credentials` (space credentials).",
            "", "## Commands",
        ]
        for path in HelpTests.paths.dropFirst() {
            guard let command = path.command, command.action != nil else { continue }
            lines += ["", "### \(path.name)", "", command.summary.capitalizedFirst + ".", ""]
            lines += ["    \(HelpText.usage(path.commands))", ""]
            for example in command.examples { lines += ["    # \(example.note)", "    \(example.line)"] }
            let exits = ([.ok, .failure, .usage] + command.exits).map { String($0.rawValue) }
            lines += ["", "Exit codes: \(exits.joined(separator: ", "))."]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
