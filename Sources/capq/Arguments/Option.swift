/// Describes a named value, as in `--space ID` or `--space=ID`.
struct Option: Sendable, Equatable {
    /// Long name without dashes.
    let name: String
    /// One-letter name without its dash.
    let short: Character?
    /// What stands for the value in help, as in `CID`.
    let placeholder: String
    let kind: ValueKind
    /// Whether it may be given more than once.
    let repeats: Bool
    let summary: String

    init(
        _ name: String,
        short: Character? = nil,
        _ placeholder: String,
        _ summary: String,
        kind: ValueKind = .text,
        repeats: Bool = false
    ) {
        self.name = name
        self.short = short
        self.placeholder = placeholder
        self.kind = kind
        self.repeats = repeats
        self.summary = summary
    }
}
