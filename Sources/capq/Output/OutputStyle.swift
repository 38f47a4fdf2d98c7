/// Says how text for people is laid out.
struct OutputStyle: Sendable, Equatable {
    /// Shortens ids; off in a pipe and with `--full`.
    var shortensIDs = false
    var hasColour = false
    /// Leaves nothing out.
    var isFull = false
    /// Columns to fit into; nil cuts nothing.
    var width: Int?

    /// Chooses the layout for a place to print to.
    init(shortensIDs: Bool = false, hasColour: Bool = false, isFull: Bool = false, width: Int? = nil) {
        self.shortensIDs = shortensIDs
        self.hasColour = hasColour
        self.isFull = isFull
        self.width = width
    }

    /// Chooses the layout for standard output: `--full` and pipes show everything, `NO_COLOR` is obeyed.
    init(_ process: ProcessEnvironment, isFull: Bool) {
        let isTerminal = process.isTerminal
        self.isFull = isFull
        shortensIDs = isTerminal && !isFull
        width = isTerminal && !isFull ? process.width : nil
        let isPlain = process.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        hasColour = isTerminal && !isPlain && process.environment["TERM"] != "dumb"
    }
}

/// Names the forms an answer can be printed in.
enum OutputFormat: String, CaseIterable, Sendable {
    /// One JSON document.
    case json
    /// One JSON document a row.
    case jsonl
    case table
    /// Delegations from leaf to root.
    case tree
    /// A graph of principals and delegations for Graphviz.
    case dot
    /// The same graph for Mermaid.
    case mermaid
}

/// Gives a piece of text its colour by what it means.
enum Tone: Sendable, Equatable {
    case plain
    case good
    case bad
    case waiting
    case faint

    /// Chooses the tone for a status or decision as the service or capq words it.
    init(status: String?) {
        switch status {
        case "live", "active", "allow", "valid": self = .good
        case "pending", "undetermined", "unverified", "unsent": self = .waiting
        case nil: self = .plain
        default: self = .bad
        }
    }

    /// Wraps `text` in the escape codes of the tone.
    func paint(_ text: String, _ style: OutputStyle) -> String {
        guard style.hasColour else { return text }
        switch self {
        case .plain: return text
        case .good: return "\u{1b}[32m\(text)\u{1b}[0m"
        case .bad: return "\u{1b}[31m\(text)\u{1b}[0m"
        case .waiting: return "\u{1b}[33m\(text)\u{1b}[0m"
        case .faint: return "\u{1b}[2m\(text)\u{1b}[0m"
        }
    }
}
