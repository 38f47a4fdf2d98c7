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
    init(_ surroundings: Surroundings, isFull: Bool) {
        let isTerminal = surroundings.isTerminal
        self.isFull = isFull
        shortensIDs = isTerminal && !isFull
        width = isTerminal && !isFull ? surroundings.width : nil
        let isPlain = surroundings.environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        hasColour = isTerminal && !isPlain && surroundings.environment["TERM"] != "dumb"
    }
}
