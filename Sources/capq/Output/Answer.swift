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
