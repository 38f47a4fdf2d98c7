import CapClient
import Multiformats

/// Holds what a command found out, in every form it can be printed in.
struct Answer: Sendable {
    var exit: ExitCode = .ok
    /// The whole truth; an object with a `schema` member.
    var json: JSON?
    /// Documents printed one a line by `--output jsonl`; nil prints `json` on one line.
    var rows: [JSON]?
    /// What people read, part after part.
    var blocks: [Block] = []
    /// Delegations for the tree and graph forms.
    var delegations: [ListedDelegation]?
    /// Text that is the same in every form, as a completion script is.
    var text: String?
    /// The form a terminal gets when none is asked for.
    var terminalFormat = OutputFormat.table
    /// Sentences for standard error.
    var notes: [String] = []

    /// Makes the answer of one thing: a field a line for people, an object for programs.
    static func fields(_ json: JSON, _ fields: [(String, Cell)], exit: ExitCode = .ok) -> Answer {
        Answer(exit: exit, json: json, blocks: [.table(Table(fields: fields))])
    }
}

/// Holds one part of an answer as people read it.
enum Block: Sendable {
    case table(Table)
    /// Delegations from leaf to root.
    case tree([ListedDelegation])
    /// The walk behind a decision.
    case walk(JSON)
}

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

/// Holds rows of cells under titles.
struct Table: Sendable, Equatable {
    struct Column: Sendable, Equatable {
        let title: String
        /// Whether cells may lose their middle when the terminal is narrow.
        let isFlexible: Bool

        init(_ title: String, isFlexible: Bool = false) {
            self.title = title
            self.isFlexible = isFlexible
        }
    }

    let columns: [Column]
    let rows: [[Cell]]
    let hasTitles: Bool

    init(columns: [Column], rows: [[Cell]]) {
        self.columns = columns
        self.rows = rows
        hasTitles = true
    }

    /// Makes a table of one thing: a name and a value on each line.
    init(fields: [(String, Cell)]) {
        columns = [Column(""), Column("", isFlexible: true)]
        rows = fields.map { [Cell($0.0, tone: .faint), $0.1] }
        hasTitles = false
    }
}

extension JSONObject {
    /// Starts a document whose first member names its form; forms only grow.
    init(schema: String) {
        self.init()
        self["schema"] = .string(schema)
    }
}
