/// Writes the completion script for bash.
enum BashCompletion {
    static func script(_ root: Command) -> String {
        let paths = CommandPath.all(below: root)
        let name = root.name
        var lines = [
            "# bash completion for \(name), written by `\(name) completion bash`",
            "_\(name)() {",
            "    local cur=\"${COMP_WORDS[COMP_CWORD]}\" prev=\"${COMP_WORDS[COMP_CWORD - 1]}\" at=\(name) i",
            "    for ((i = 1; i < COMP_CWORD; i++)); do",
            "        case \"$at ${COMP_WORDS[i]}\" in",
        ]
        for path in paths {
            lines += path.steps.map { "            \"\(path.name) \($0.word)\") at=\"\($0.path)\" ;;" }
        }
        lines += ["        esac", "    done", "    case \"$at:$prev\" in"]
        for path in paths.reversed() {
            // Options of a group hold below it too; what lies deeper is asked first.
            for option in path.command?.options ?? [] {
                let patterns = option.spellings.map { "\"\(path.name)\"*\":\($0)\"" }.joined(separator: " | ")
                lines.append("        \(patterns)) \(values(option.kind)); return ;;")
            }
        }
        lines += [
            "    esac",
            "    if [[ \"$cur\" == -* ]]; then",
            "        case \"$at\" in",
        ]
        for path in paths {
            let words = path.dashed.map(\.word).joined(separator: " ")
            lines.append("            \"\(path.name)\") COMPREPLY=($(compgen -W \"\(words)\" -- \"$cur\")) ;;")
        }
        lines += ["        esac", "        return", "    fi", "    case \"$at\" in"]
        for path in paths {
            guard let command = path.command else { continue }
            if !command.subcommands.isEmpty {
                let words = path.steps.map(\.word).joined(separator: " ")
                lines.append("        \"\(path.name)\") COMPREPLY=($(compgen -W \"\(words)\" -- \"$cur\")) ;;")
            } else if let kind = command.positionals.map(\.kind).first(where: { $0 != .text }) {
                lines.append("        \"\(path.name)\") \(values(kind)) ;;")
            }
        }
        lines += ["    esac", "}", "complete -F _\(name) \(name)"]
        return lines.joined(separator: "\n") + "\n"
    }

    private static func values(_ kind: ValueKind) -> String {
        let words: String
        switch kind {
        case .text, .integer, .duration: return "COMPREPLY=()"
        case .file: return "COMPREPLY=($(compgen -f -- \"$cur\"))"
        case .choice(let choices): words = choices.joined(separator: " ")
        case .key: words = "$(\(CompletionFolder.keys.listing))"
        case .context: words = "$(\(CompletionFolder.contexts.listing))"
        case .account: words = "$(\(CompletionFolder.accounts.listing))"
        }
        return "COMPREPLY=($(compgen -W \"\(words)\" -- \"$cur\"))"
    }
}
