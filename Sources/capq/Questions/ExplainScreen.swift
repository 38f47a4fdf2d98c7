import CapClient
import Multiformats
import UCAN

/// Lays out why something is allowed or refused: a name and a value on each line, what comes nearest first.
struct ExplainScreen {
    let decision: AuthorizeAnswer
    let space: String?
    let now: Timestamp
    /// Where a question that is asked again goes, as options.
    let place: String

    private var json: JSON { decision.json }

    /// The lines; a name that is empty goes on with the one before.
    var fields: [(String, Cell)] {
        var fields = [
            ("decision", Cell(decision.decision.rawValue, tone: Tone(status: decision.decision.rawValue)))
        ]
        if let reason { fields.append(("reason", Cell(id: reason))) }
        fields += decision.decision == .allow ? allowed : refused
        if let revision = decision.revision {
            let at = json["at"]?.string.map { ", judged at \($0)" } ?? ""
            fields.append(("revision", Cell("\(revision)\(at)", tone: .faint)))
        }
        return fields
    }

    var notes: [String] {
        var notes: [String] = []
        if let capped = json["capped"] {
            let count = capped["visited"]?.number?.int64 ?? 0
            notes.append("cut short after \(count) \(capped["by"]?.string ?? "nodes"); nearer ones may be left")
        }
        if json["toStop"]?["complete"] == false { notes.append("other ways may be left then: ask again") }
        return notes
    }

    /// The nearest miss in words, since of several causes it is the one to mend.
    private var reason: String? { misses.first?["message"]?.string ?? decision.reason?.message }

    private var misses: [JSON] { json["misses"]?.array ?? [] }

    // MARK: refused

    private var refused: [(String, Cell)] {
        var lines: [Cell] = []
        let width = misses.compactMap { $0["code"]?.string?.count }.max() ?? 0
        for (place, miss) in misses.enumerated() {
            let code = miss["code"]?.string ?? "-"
            let padding = String(repeating: " ", count: width - code.count)
            let edge = miss["edge"]?.string ?? "-"
            let (whole, brief) = (gives(miss, isShort: false), gives(miss, isShort: true))
            lines.append(
                Cell(
                    "\(place + 1)  \(code)\(padding)  \(edge)  \(whole)",
                    brief: "\(place + 1)  \(code)\(padding)  \(ShortID.of(edge))  \(brief)"))
        }
        let more = json["moreMisses"]?.number?.int64 ?? 0
        if more > 0 { lines.append(Cell("\(more) further miss\(more == 1 ? "" : "es")", tone: .faint)) }
        return named("nearest", lines) + named("fix", fixes)
    }

    /// What the capability of a miss gives, and what is wrong with it.
    private func gives(_ miss: JSON, isShort: Bool) -> String {
        let (ability, resource) = named(miss["capability"], isShort)
        let defects = (miss["defects"]?.array ?? []).map { defect in
            switch defect["kind"]?.string {
            case "path":
                let drop = defect["drop"]?.number?.int64 ?? 0
                return drop == 9 ? "elsewhere" : "\(drop) folder\(drop == 1 ? "" : "s") away"
            case "ability": return "gives no more than that"
            case "expired": return "ended \(moment(defect["at"]))"
            case "pending": return "begins \(moment(defect["until"]))"
            case "caveat": return "a caveat is not met"
            case "condition":
                return defect["missing"]?.string.map { "\($0) is not said" } ?? "not for this use"
            case "ended" where defect["edge"] == nil: return "ended by what is not yours to see"
            case "ended":
                let by = ShortWords.principal(defect["by"]?.string ?? "-", isShort)
                return "ended \(moment(defect["at"])) by \(by)"
            default: return "rests on nothing"
            }
        }
        return "\(ability) on \(resource): \(defects.joined(separator: ", "))"
    }

    private func named(_ capability: JSON?, _ isShort: Bool) -> (String, String) {
        let ability = capability?["ability"]?.string ?? "-"
        let resource = capability?["resource"]?.string ?? "-"
        guard isShort else { return (ability, resource) }
        return (ShortWords.ability(ability), ShortID.of(ShortWords.resource(resource, in: space)))
    }

    private func moment(_ json: JSON?) -> String {
        guard let text = json?.string else { return "before" }
        return (try? Timestamp.parse(text)).map { $0.distance(from: now) } ?? text
    }

    private var fixes: [Cell] {
        let fixes = json["fixes"]?.array ?? []
        if let reason = json["unfixable"]?.string { return [Cell(Self.word(unfixable: reason))] }
        return fixes.flatMap { fix in
            var lines = [Cell(who(fix, isShort: false), brief: who(fix, isShort: true))]
            if let command = ExplainCommand.command(fix, place) { lines.append(Cell(id: "  " + command)) }
            if fix["class"] != 0, let said = said(fix) { lines.append(Cell("  then say `\(said)` in the context")) }
            return lines
        }
    }

    private func who(_ fix: JSON, isShort: Bool) -> String {
        let steps = (fix["steps"]?.array ?? []).compactMap { $0["step"]?.string }
        let said = said(fix)
        let what =
            switch fix["class"]?.number?.int64 {
            case 0 where said != nil: "ask again: say `\(said ?? "")` in the context"
            case 0: "ask again: \(steps.map(Self.word(step:)).joined(separator: ", then "))"
            case 1 where steps == ["delegate"]: "one signature"
            case 1: "one change"
            default: "a change of settings and of the list"
            }
        guard let by = fix["by"] else { return what }
        guard let by = by.string else { return "\(what), by whoever manages the space" }
        let others = fix["alsoBy"]?.array?.compactMap(\.string) ?? []
        let names = ([by] + others.prefix(2)).map { ShortWords.principal($0, isShort) }
        let more = Int64(max(0, others.count - 2)) + (fix["moreSigners"]?.number?.int64 ?? 0)
        return "\(what), by \(names.joined(separator: " or "))\(more > 0 ? " or \(more) more" : ""):"
    }

    /// The member of the context that a fix asks to be said.
    private func said(_ fix: JSON) -> String? {
        (fix["steps"]?.array ?? []).lazy.compactMap { $0["member"]?.string }.first
    }

    private static func word(step: String) -> String {
        switch step {
        case "context": "say by which caveats the use is bound"
        case "wait": "wait until then"
        default: step
        }
    }

    private static func word(unfixable: String) -> String {
        switch unfixable {
        case "nobodyControls": "none: nobody controls this resource"
        case "principalIsNobody": "none: nothing can be made for this principal"
        case "deleted": "none: the space was deleted"
        case "undetermined": "not known: the walk was too long"
        default: "none by a single step"
        }
    }

    // MARK: allowed

    private var allowed: [(String, Cell)] {
        let steps = json["chain"]?.array ?? []
        let chain = steps.map { step in
            let (ability, resource) = named(step["capability"], true)
            let (wholeAbility, wholeResource) = named(step["capability"], false)
            func parties(_ isShort: Bool) -> String {
                [step["issuer"], step["audience"]]
                    .map { ShortWords.principal($0?.string ?? "-", isShort) }.joined(separator: " → ")
            }
            let cid = step["cid"]?.string ?? "-"
            return Cell(
                "\(cid)  \(parties(false))  \(wholeAbility) on \(wholeResource)",
                brief: "\(ShortID.of(cid))  \(parties(true))  \(ability) \(resource)")
        }
        var lines = named("by", chain)
        let others = Int64(json["others"]?.array?.count ?? 0) + (json["moreOthers"]?.number?.int64 ?? 0)
        if others > 0 { lines.append(("also by", Cell("\(others) other route\(others == 1 ? "" : "s")"))) }
        let edges = json["toStop"]?["edges"]?.array?.compactMap(\.string) ?? []
        if json["toStop"]?["own"] == true {
            lines.append(("to stop it", Cell("nothing: it is the principal's own")))
        } else if !edges.isEmpty {
            lines.append(("to stop it", Cell(id: edges.map { "capq revoke \($0)" }.joined(separator: " && "))))
            if json["toStop"]?["servesOthers"] == true {
                lines.append(("", Cell("which serves others as well", tone: .waiting)))
            }
        }
        return lines
    }

    private func named(_ name: String, _ lines: [Cell]) -> [(String, Cell)] {
        lines.enumerated().map { ($0.offset == 0 ? name : "", $0.element) }
    }
}
