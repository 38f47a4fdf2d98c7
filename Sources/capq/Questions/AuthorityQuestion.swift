import Multiformats
import UCAN

/// A question about authority whose answer is a list: who can, what can, by which way.
struct AuthorityQuestion: Sendable {
    enum Kind: Sendable {
        case whoCan(ability: String, resource: String, kinds: [String])
        case whatCan(principal: DID, ability: String?, withPublic: Bool, isMaximal: Bool)
        case path(from: DID, to: DID, all: Bool)
        /// Changes as the doors take them.
        case whatIf(changes: [JSON])
    }

    let kind: Kind
    /// Keeps what lies in one space; nil keeps all.
    var space: String?
    /// What caveats are judged by, as in `DecisionQuestion`.
    var context: JSON?
    var at: Timestamp?
    var limit = 100
    var cursor: String?

    init(_ kind: Kind) { self.kind = kind }

    /// The last part of its route.
    var name: String {
        switch kind {
        case .whoCan: "who-can"
        case .whatCan: "what-can"
        case .path: "path"
        case .whatIf: "whatif"
        }
    }

    /// Whether its answer comes in pages.
    var isPaged: Bool {
        switch kind {
        case .whoCan, .whatCan, .whatIf: true
        case .path: false
        }
    }

    /// Says in the body of a request which page is asked for, where the answer comes in pages.
    func writePage(_ body: inout JSONObject) {
        guard isPaged else { return }
        body["limit"] = .number(JSONNumber(limit))
        if let cursor { body["cursor"] = .string(cursor) }
    }
}

/// Follows pages and lays their rows out.
enum QuestionPages {
    /// The last options of every question whose answer comes in pages.
    static let options = [SigningOptions.at, AccountOptions.limit, AccountOptions.cursor, AccountOptions.acting]

    /// Asks for one page, or for all of them: the lists are joined, what is said beside them is that of the first page,
    /// and the first bound that any page hit is told.
    ///
    /// - Parameters:
    ///   - lists: Names of the members that hold the rows; an answer without one of them is none.
    ///   - sumsHidden: Whether each page counts what is hidden beside its own rows; else every page counts the same.
    static func ask(
        _ question: AuthorityQuestion, _ source: any AuthoritySource, _ page: PageChoice, lists: [String] = ["rows"],
        sumsHidden: Bool = true
    ) throws(CommandError) -> JSON {
        var question = question
        question.limit = page.limit ?? question.limit
        question.cursor = page.cursor
        var rows: [[JSON]] = lists.map { _ in [] }
        var first: JSONObject?
        // What was counted and not named on any page.
        var hidden: (edges: Int64, principals: Int64) = (0, 0)
        var capped: JSON?
        repeat {
            let answer = try source.ask(question)
            for (place, list) in lists.enumerated() {
                guard let found = answer[list]?.array else {
                    throw CommandError(.failure, "the service sent no `\(list)`")
                }
                rows[place] += found
            }
            if first == nil { first = answer.object }
            hidden.edges += answer["hidden"]?["edges"]?.number?.int64 ?? 0
            hidden.principals += answer["hidden"]?["principals"]?.number?.int64 ?? 0
            if capped == nil { capped = answer["capped"] }
            let next = answer["cursor"]?.string
            // A service that gives the same cursor again would keep us here for ever.
            guard next == nil || next != question.cursor else {
                throw CommandError(.failure, "the service gave the same cursor twice")
            }
            question.cursor = next
        } while page.isWhole && question.cursor != nil
        var object = first ?? JSONObject()
        for (place, list) in lists.enumerated() { object[list] = .array(rows[place]) }
        object["cursor"] = question.cursor.map { JSON.string($0) }
        if page.isWhole {
            object["complete"] = .bool(capped == nil && question.cursor == nil)
            if let capped { object["capped"] = capped }
        }
        if sumsHidden {
            var counts = JSONObject()
            counts["edges"] = .number(JSONNumber(hidden.edges))
            counts["principals"] = .number(JSONNumber(hidden.principals))
            object["hidden"] = .object(counts)
        }
        return .object(object)
    }

    /// What is said beside a list: how much of it there is, what was cut, what is not shown.
    static func notes(_ answer: JSON, _ what: String) -> [String] {
        let count = answer["rows"]?.array?.count ?? 0
        let revision = answer["revision"]?.number?.int64.map { " at revision \($0)" } ?? ""
        let isComplete = answer["complete"]?.bool ?? false
        var notes = ["\(count) \(what)\(count == 1 ? "" : "s")\(isComplete ? ", complete" : "")\(revision)"]
        notes += PageChoice.note(answer["cursor"]?.string)
        notes += note(capped: answer["capped"])
        let hidden = answer["hidden"]?["principals"]?.number?.int64 ?? 0
        if hidden > 0 { notes.append("\(hidden) more by edges elsewhere, which are not yours to see") }
        return notes
    }

    /// What is said of a bound that was hit.
    static func note(capped: JSON?) -> [String] {
        guard let capped else { return [] }
        return ["cut short after \(capped["visited"]?.number?.int64 ?? 0) \(capped["by"]?.string ?? "nodes")"]
    }

    /// 4 for an answer that a bound cut short.
    static func exit(_ answer: JSON) -> ExitCode { answer["capped"] == nil ? .ok : .undetermined }
}

/// Words of people for what answers name.
enum ShortWords {
    /// An ability without the namespace that goes without saying.
    static func ability(_ text: String) -> String {
        for prefix in ["tinycloud.", "atproto.space/"] where text.hasPrefix(prefix) {
            return String(text.dropFirst(prefix.count))
        }
        return text
    }

    /// A resource as it lies in the space asked about.
    static func resource(_ text: String, in space: String?) -> String {
        guard let space else { return text }
        if text.hasSameBytes(as: space) { return "space" }
        guard text.utf8.starts(with: "\(space)/".utf8) else { return text }
        return String(text.dropFirst(space.count + 1))
    }

    /// A principal, as short as it stands in a table.
    static func principal(_ text: String, _ isShort: Bool) -> String {
        guard isShort else { return PrintableText.of(text) }
        return Cell(principal: text).brief ?? PrintableText.of(text)
    }

    /// The route of a row: the edge nearest to the principal, and who issued each.
    static func route(_ row: JSON) -> Cell {
        guard let first = row["route"]?.array?.first?.string else { return Cell("owns the resource") }
        let issuers = row["through"]?.array?.compactMap(\.string) ?? []
        let through = { (isShort: Bool) in issuers.map { principal($0, isShort) }.joined(separator: " ← ") }
        return Cell("\(first) ← \(through(false))", brief: "\(ShortID.of(first)) ← \(through(true))")
    }

    static func until(_ row: JSON, _ now: Timestamp) -> Cell {
        guard let text = row["until"]?.string else { return Cell("-") }
        return Cell(text, brief: (try? Timestamp.parse(text)).map { $0.distance(from: now) })
    }
}
