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
