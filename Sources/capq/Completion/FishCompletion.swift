/// Writes the completion script for fish.
enum FishCompletion {
    static func script(_ root: Command) -> String {
        let paths = CommandPath.all(below: root)
        let name = root.name
        var lines = [
            "# fish completion for \(name), written by `\(name) completion fish`",
            "function __\(name)_at",
            "    set -l at \(name)",
            "    for word in (commandline -opc)[2..-1]",
            "        switch \"$at $word\"",
        ]
        for path in paths {
            lines += path.steps.map {
                "            case '\(path.name) \($0.word)'\n                set at '\($0.path)'"
            }
        }
        lines += ["        end", "    end", "    test \"$at\" = \"$argv[1]\"", "end", "complete -c \(name) -f"]
        for path in paths {
            let here = "complete -c \(name) -n \"__\(name)_at '\(path.name)'\""
            for command in path.command?.subcommands ?? [] {
                lines.append("\(here) -a \(command.name) -d \(quoted(command.summary))")
            }
            for option in path.options {
                let short = option.short.map { " -s \($0)" } ?? ""
                let values = values(option.kind).map { " \($0)" } ?? ""
                let take = option.kind == .file ? "-r" : "-x"
                lines.append("\(here) -l \(option.name)\(short) \(take)\(values) -d \(quoted(option.summary))")
            }
            for flag in path.flags {
                let short = flag.short.map { " -s \($0)" } ?? ""
                lines.append("\(here) -l \(flag.name)\(short) -d \(quoted(flag.summary))")
            }
            for positional in path.command?.positionals ?? [] {
                if let values = values(positional.kind) { lines.append("\(here) \(values)") }
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func values(_ kind: ValueKind) -> String? {
        switch kind {
        case .text, .integer, .duration: nil
        case .file: "-F"
        case .choice(let choices): "-a \(quoted(choices.joined(separator: " ")))"
        case .key: "-a \(quoted(CompletionFolder.keys.fishListing))"
        case .context: "-a \(quoted(CompletionFolder.contexts.fishListing))"
        case .account: "-a \(quoted(CompletionFolder.accounts.fishListing))"
        }
    }

    private static func quoted(_ text: String) -> String {
        var result = "'"
        for character in text {
            if character == "'" || character == "\\" { result.append("\\") }
            result.append(character)
        }
        return result + "'"
    }
}
