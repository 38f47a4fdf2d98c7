/// Names the folders whose entries complete a word.
enum CompletionFolder: String {
    case keys
    case contexts

    /// Writes the shell command, for bash and zsh, that lists the names in the folder.
    var listing: String {
        "ls \"${CAPQ_HOME:-$HOME/.config/capq}/\(rawValue)\" 2>/dev/null | sed 's/\\.json$//'"
    }

    /// Writes the same command for fish.
    var fishListing: String {
        "(set -q CAPQ_HOME; or set -l CAPQ_HOME ~/.config/capq; "
            + "ls $CAPQ_HOME/\(rawValue) 2>/dev/null | string replace -r '\\.json$' '')"
    }
}
