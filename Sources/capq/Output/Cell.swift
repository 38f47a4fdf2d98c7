/// Holds one piece of text of a table or tree.
struct Cell: Sendable, Equatable {
    let text: String
    /// What stands for the text where ids are shortened; nil shows the text itself.
    let brief: String?
    /// What stands for the text where nothing may be left out; nil shows the text itself.
    let whole: String?
    let tone: Tone

    init(_ text: String, brief: String? = nil, whole: String? = nil, tone: Tone = .plain) {
        self.text = PrintableText.of(text)
        self.whole = whole.map { PrintableText.of($0) }
        self.brief = brief.map { PrintableText.of($0) }
        self.tone = tone
    }

    /// Makes a cell whose ids are shortened on a terminal.
    init(id: String, tone: Tone = .plain) {
        text = PrintableText.of(id)
        brief = ShortID.of(text)
        whole = nil
        self.tone = tone
    }

    /// Makes the cell of a principal; where ids are shortened, what says only which kind of principal it is falls away.
    init(principal did: String) {
        let text = PrintableText.of(did)
        if text.hasPrefix("did:key:") || text.hasPrefix("did:pkh:") {
            self.init(text, brief: ShortID.of(text.split(separator: ":").last.map(String.init) ?? text))
        } else if text.hasPrefix(Self.thumbprint) {
            // A thumbprint has dashes in it and is one word all the same.
            let word = text.dropFirst(Self.thumbprint.count)
            self.init(text, brief: "key \(word.prefix(4))…\(word.suffix(4))")
        } else {
            let prefix = ["did:web:", "urn:capabilitygraph:"].first { text.hasPrefix($0) }
            self.init(text, brief: ShortID.of(String(text.dropFirst(prefix?.count ?? 0))))
        }
    }

    private static let thumbprint = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:"

    /// Makes the cell of a status word, coloured by what it means.
    init(status: String?) {
        self.init(status ?? "unknown", tone: Tone(status: status))
    }

    /// Returns the text as the style shows it, without colour.
    func shown(_ style: OutputStyle) -> String {
        if style.isFull { return whole ?? text }
        return style.shortensIDs ? brief ?? text : text
    }
}
