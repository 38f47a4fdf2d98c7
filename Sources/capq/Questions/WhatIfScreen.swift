import Multiformats

/// Lays out what would follow: a name and a value on each line.
struct WhatIfScreen {
    let json: JSON
    let changes: [JSON]
    let space: String?

    /// The lists of an answer.
    static let lists = ["ended", "stays", "notSimulated", "lost", "kept", "derived", "unmanaged", "orphans"]

    /// How many rows of each list stand on the screen; the rest is counted.
    private static let shown = 12

    var fields: [(String, Cell)] {
        compromised + [("ends", Cell(ends))]
            + rows("stays", "stays", derivedToo: true) { edge in
                Cell(edge["cid"]?.string ?? "-", brief: ShortID.of(edge["cid"]?.string ?? "-"))
            }
            + rows("not simulated", "notSimulated") { edge in
                let command = edge["command"]?.string ?? "-"
                return Cell(
                    "\(edge["kind"]?.string ?? "-"), a setting: \(command)", brief: "a setting: `capq space config`")
            } + rows("loses", "lost") { row in use(row, "remains") }
            + rows("keeps", "kept") { row in use(row, "route") }
            + [("dies with", Cell(dies))] + unmanaged
            + rows("orphans", "orphans", derivedToo: true, none: "none") { edge in
                Cell(id: edge["cid"]?.string ?? "-")
            } + [("", Cell(last, brief: shortLast, tone: .faint))]
    }

    var notes: [String] {
        var notes = PageChoice.note(json["cursor"]?.string) + QuestionPages.note(capped: json["capped"])
        let (edges, principals) = (count("hidden", "edges"), count("hidden", "principals"))
        if edges > 0 || principals > 0 {
            notes.append("\(edges) edges and \(principals) principals more are not yours to see")
        }
        for (list, words) in [("unknown", "nothing would end by"), ("refused", "you would be refused:")] {
            for place in json[list]?.array ?? [] {
                guard let place = place.number?.int64, changes.indices.contains(Int(place)) else { continue }
                notes.append("\(words) \(String(decoding: changes[Int(place)].serialized(), as: UTF8.self))")
            }
        }
        return notes
    }

    private func count(_ object: String, _ member: String) -> Int64 { json[object]?[member]?.number?.int64 ?? 0 }

    private var ends: String {
        let (ended, lost, kept) = (count("counts", "ended"), count("counts", "lost"), count("counts", "kept"))
        return
            "\(ended) edge\(ended == 1 ? "" : "s"); \(lost) right\(lost == 1 ? "" : "s") lost, \(kept) kept another way"
    }

    private var dies: String {
        var counts: [(kind: String, count: Int)] = []
        for edge in json["derived"]?.array ?? [] {
            let kind = edge["kind"]?.string ?? "-"
            if let place = counts.firstIndex(where: { $0.kind.hasSameBytes(as: kind) }) {
                counts[place].count += 1
            } else {
                counts.append((kind, 1))
            }
        }
        let rest = Int(count("counts", "derived")) - counts.reduce(0) { $0 + $1.count }
        if rest > 0 { counts.append(("further", rest)) }
        return counts.isEmpty ? "nothing" : counts.map { "\($0.count) \($0.kind)" }.joined(separator: ", ")
    }

    private var unmanaged: [(String, Cell)] {
        (json["unmanaged"]?.array ?? []).enumerated().map { place, space in
            (place == 0 ? "unmanaged" : "", Cell(id: space.string ?? "-"))
        }
    }

    private var last: String { end { $0 } }
    private var shortLast: String { end(ShortID.of) }

    private func end(_ shown: (String) -> String) -> String {
        guard changes.count == 1, let cid = changes[0]["revoke"]?.string else { return "nothing was changed" }
        guard json["refused"]?.array?.isEmpty ?? true else {
            return "nothing was changed; you would be refused to do it"
        }
        return "nothing was changed; to do it: capq revoke \(shown(cid))"
    }

    /// What dies with the ended edges is counted, so its own rows stand in JSON alone.
    private func rows(
        _ name: String, _ list: String, derivedToo: Bool = false, none: String? = nil, _ cell: (JSON) -> Cell
    ) -> [(String, Cell)] {
        let derived = ["session", "invite", "credential"]
        let rows = (json[list]?.array ?? []).filter { row in
            derivedToo || !derived.contains { $0.hasSameBytes(as: row["kind"]?.string ?? "") }
        }
        var cells = rows.prefix(Self.shown).map(cell)
        let more = rows.count - cells.count
        if more > 0 { cells.append(Cell("\(more) more: `--output json` has all", tone: .faint)) }
        if cells.isEmpty, let none { cells = [Cell(none)] }
        return cells.enumerated().map { ($0 == 0 ? name : "", $1) }
    }

    private func use(_ row: JSON, _ rest: String) -> Cell {
        Cell(use(row, rest, isShort: false), brief: use(row, rest, isShort: true))
    }

    private func use(_ row: JSON, _ rest: String, isShort: Bool) -> String {
        let who = ShortWords.principal(row["principal"]?.string ?? "-", isShort)
        let isUnsure = row["undetermined"] == true
        let line = "\(who)  \(capability(row["capability"], isShort))\(isUnsure ? " (not found out)" : "")"
        if rest.hasSameBytes(as: "route") {
            guard let first = row["route"]?.array?.first?.string else { return line + ", as its own or unseen" }
            return "\(line) by \(isShort ? ShortID.of(first) : first)"
        }
        let left = row[rest]?.array ?? []
        let more = row["more"] == true ? ", …" : ""
        return left.isEmpty
            ? line : "\(line); left: \(left.map { capability($0, isShort) }.joined(separator: ", "))\(more)"
    }

    private func capability(_ capability: JSON?, _ isShort: Bool) -> String {
        let (ability, resource) = (capability?["ability"]?.string ?? "-", capability?["resource"]?.string ?? "-")
        guard isShort else { return "\(ability) on \(resource)" }
        return "\(ShortWords.ability(ability)) on \(ShortID.of(ShortWords.resource(resource, in: space)))"
    }

    private var compromised: [(String, Cell)] {
        (json["compromised"]?.array ?? []).flatMap { key in
            let rows = key["can"]?.array ?? []
            var cells = rows.prefix(Self.shown).map { row in
                let whole = "\(row["ability"]?.string ?? "everything") on \(row["resource"]?.string ?? "-")"
                let brief = capability(row, true)
                return Cell(whole, brief: row["ability"] == nil ? whole : brief)
            }
            if rows.count > cells.count || key["canMore"] == true { cells.append(Cell("and more: `capq what-can`")) }
            if cells.isEmpty { cells = [Cell("nothing")] }
            let controls = key["controls"]?.array?.compactMap(\.string) ?? []
            return cells.enumerated().map { ($0 == 0 ? "could" : "", $1) } + [
                ("cuts off", Cell("\(key["governs"]?.number?.int64 ?? 0) edges that it may end"))
            ] + controls.map { ("controls", Cell(id: $0 + ", which nothing here can end")) }
        }
    }
}
