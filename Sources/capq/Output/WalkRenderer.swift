import Multiformats

/// Prints the walk behind a decision: the candidates that were tried, and what each rests on.
struct WalkRenderer {
    private struct Node {
        let json: JSON
        let prefix: String
        let isLast: Bool
    }

    let style: OutputStyle

    /// Prints `{complete, candidates: [node]}`; a document of another shape as an outline.
    func render(_ walk: JSON) -> String {
        guard let candidates = walk["candidates"]?.array else { return OutlineRenderer(style: style).render(walk) }
        var lines = [Tone.faint.paint("what was tried:", style)]
        if candidates.isEmpty { lines.append("nothing the principal holds gives this ability on this resource") }
        // A stack in place of recursion: the depth comes from outside.
        var waiting = candidates.reversed().map { Node(json: $0, prefix: "", isLast: true) }
        var depths = waiting.map { _ in 0 }
        while let node = waiting.popLast(), let depth = depths.popLast() {
            let connector = depth == 0 ? "" : node.isLast ? "└─ " : "├─ "
            let below = depth == 0 ? "" : node.prefix + (node.isLast ? "   " : "│  ")
            let supports = node.json["supports"]?.array ?? []
            lines.append(node.prefix + connector + title(node.json))
            let stem = below + (supports.isEmpty ? "   " : "│  ")
            lines += details(node.json).map { stem + $0 }
            for (place, support) in supports.enumerated().reversed() {
                waiting.append(Node(json: support, prefix: below, isLast: place == supports.count - 1))
                depths.append(depth + 1)
            }
        }
        if walk["complete"] == false { lines.append(Tone.waiting.paint("the walk was cut short", style)) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func title(_ node: JSON) -> String {
        let state = node["state"]?.string
        let isLive = node["live"]?.bool ?? false
        // A link whose own state is live can still rest on nothing that is.
        let word = state.map { $0 != "live" || isLive ? $0 : "rests on nothing live" } ?? "unknown"
        var parts = [
            Cell(id: node["cid"]?.string ?? "-").shown(style),
            (isLive ? Tone.good : .bad).paint(PrintableText.of(word), style),
        ]
        if let kind = node["kind"]?.string { parts.append(Tone.faint.paint(PrintableText.of(kind), style)) }
        if node["root"]?.bool ?? false { parts.append(Tone.faint.paint("root", style)) }
        if node["repeated"]?.bool ?? false { parts.append(Tone.faint.paint("shown above", style)) }
        return parts.joined(separator: "  ")
    }

    private func details(_ node: JSON) -> [String] {
        func shown(_ text: String?) -> String { Cell(id: text ?? "-").shown(style) }
        var lines = ["\(shown(node["issuer"]?.string)) → \(shown(node["audience"]?.string))"]
        if let capability = node["capability"] {
            lines.append("\(shown(capability["ability"]?.string)) on \(shown(capability["resource"]?.string))")
        }
        if let revoker = node["by"]?.string { lines.append("by \(shown(revoker))") }
        if let moment = node["at"]?.string { lines.append("at \(shown(moment))") }
        if let failure = node["caveatFailure"]?.string { lines.append("caveat not met: \(shown(failure))") }
        if let note = node["note"]?.string { lines.append(shown(note)) }
        return lines
    }
}
