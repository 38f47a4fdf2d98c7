/// Holds one piece of text of a table or tree.
struct Cell: Sendable, Equatable {
    let text: String
    let isID: Bool
    let tone: Tone

    init(_ text: String, tone: Tone = .plain) {
        self.text = PrintableText.of(text)
        isID = false
        self.tone = tone
    }

    /// Makes a cell whose ids are shortened on a terminal.
    init(id: String, tone: Tone = .plain) {
        text = PrintableText.of(id)
        isID = true
        self.tone = tone
    }

    /// Makes the cell of a status word, coloured by what it means.
    init(status: String?) {
        self.init(status ?? "unknown", tone: Tone(status: status))
    }

    /// Returns the text as the style shows it, without colour.
    func shown(_ style: OutputStyle) -> String {
        isID && style.shortensIDs ? ShortID.of(text) : text
    }
}
