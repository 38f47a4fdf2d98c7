/// Writes the completion script for zsh.
enum ZshCompletion {
    static func script(_ root: Command) -> String {
        let paths = CommandPath.all(below: root)
        let name = root.name
        var lines = [
            "#compdef \(name)",
            "# zsh completion for \(name), written by `\(name) completion zsh`",
            "_\(name)() {",
            "    local at=\(name) i",
            "    local -a found",
            "    for ((i = 2; i < CURRENT; i++)); do",
            "        case \"$at ${words[i]}\" in",
        ]
        for path in paths {
            lines += path.steps.map { "            (\"\(path.name) \($0.word)\") at=\"\($0.path)\" ;;" }
        }
        lines += ["        esac", "    done", "    case \"$at:${words[CURRENT - 1]}\" in"]
        for path in paths.reversed() {
            // Options of a group hold below it too; what lies deeper is asked first.
            for option in path.command?.options ?? [] {
                let patterns = option.spellings.map { "\"\(path.name)\"*\":\($0)\"" }.joined(separator: "|")
                lines.append("        (\(patterns)) \(values(option.kind)); return ;;")
            }
        }
        lines += ["    esac", "    if [[ \"${words[CURRENT]}\" == -* ]]; then", "        case \"$at\" in"]
        for path in paths {
            lines.append(
                "            (\"\(path.name)\") found=(\(path.dashed.map(described).joined(separator: " "))) ;;")
        }
        lines += [
            "        esac", "        _describe -o option found", "        return", "    fi", "    case \"$at\" in",
        ]
        for path in paths {
            guard let command = path.command else { continue }
            if !command.subcommands.isEmpty {
                let words = command.subcommands.map { described(($0.name, $0.summary)) }.joined(separator: " ")
                lines.append("        (\"\(path.name)\") found=(\(words)); _describe command found ;;")
            } else if let kind = command.positionals.map(\.kind).first(where: { $0 != .text }) {
                lines.append("        (\"\(path.name)\") \(values(kind)) ;;")
            }
        }
        lines += [
            "    esac",
            "}",
            "if [[ \"${funcstack[1]}\" == _\(name) ]]; then _\(name) \"$@\"; else compdef _\(name) \(name); fi",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func described(_ entry: (word: String, summary: String)) -> String {
        let quoted = "\(entry.word):\(entry.summary)".split(separator: "'", omittingEmptySubsequences: false)
        return "'" + quoted.joined(separator: "'\\''") + "'"
    }

    private static func values(_ kind: ValueKind) -> String {
        switch kind {
        case .text, .integer, .duration: "_message value"
        case .file: "_files"
        case .choice(let choices): "compadd -- \(choices.joined(separator: " "))"
        case .key: "compadd -- $(\(CompletionFolder.keys.listing))"
        case .context: "compadd -- $(\(CompletionFolder.contexts.listing))"
        case .account: "compadd -- $(\(CompletionFolder.accounts.listing))"
        }
    }
}
