/// Describes a switch that takes no value, as in `--full`.
struct Flag: Sendable, Equatable {
    /// Long name without dashes.
    let name: String
    /// One-letter name without its dash.
    let short: Character?
    let summary: String

    init(_ name: String, short: Character? = nil, _ summary: String) {
        self.name = name
        self.short = short
        self.summary = summary
    }
}
