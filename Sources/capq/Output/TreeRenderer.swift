import CapClient
import Multiformats

/// Prints delegations from each leaf to its roots, with the status of every link.
struct TreeRenderer {
    private struct Branch {
        let cid: String
        let prefix: String
        let isLast: Bool
        let depth: Int
    }

    let style: OutputStyle

    /// Prints the trees of `delegations`; a delegation reached twice is printed once and then named.
    func render(_ delegations: [ListedDelegation]) -> String {
        let byCID = Dictionary(delegations.map { (Array($0.cid.utf8), $0) }, uniquingKeysWith: { first, _ in first })
        let cited = Set(delegations.flatMap { $0.proofs.map { Array($0.utf8) } })
        var leaves = delegations.filter { !cited.contains(Array($0.cid.utf8)) }
        if leaves.isEmpty { leaves = Array(delegations.prefix(1)) }
        var printed: Set<[UInt8]> = []
        var lines: [String] = []
        // A stack in place of recursion: the depth comes from outside.
        var waiting = leaves.reversed().map { Branch(cid: $0.cid, prefix: "", isLast: true, depth: 0) }
        while let branch = waiting.popLast() {
            let connector = branch.depth == 0 ? "" : branch.isLast ? "└─ " : "├─ "
            let below = branch.depth == 0 ? "" : branch.prefix + (branch.isLast ? "   " : "│  ")
            let head = branch.prefix + connector
            guard let delegation = byCID[Array(branch.cid.utf8)] else {
                lines.append(head + Cell(id: branch.cid).shown(style) + Tone.faint.paint("  not in this answer", style))
                continue
            }
            guard printed.insert(Array(branch.cid.utf8)).inserted else {
                lines.append(head + Cell(id: branch.cid).shown(style) + Tone.faint.paint("  shown above", style))
                continue
            }
            let stem = below + (delegation.proofs.isEmpty ? "   " : "│  ")
            lines.append(head + title(delegation))
            lines += details(delegation).map { stem + $0 }
            for (index, proof) in delegation.proofs.enumerated().reversed() {
                let isLast = index == delegation.proofs.count - 1
                waiting.append(Branch(cid: proof, prefix: below, isLast: isLast, depth: branch.depth + 1))
            }
        }
        return lines.map { $0 + "\n" }.joined()
    }

    private func title(_ delegation: ListedDelegation) -> String {
        let status = Cell(status: delegation.status)
        let parts = [
            Cell(id: delegation.cid).shown(style),
            status.tone.paint(status.shown(style), style),
            delegation.kind.map { Tone.faint.paint(PrintableText.of($0), style) },
        ]
        return parts.compactMap { $0 }.joined(separator: "  ")
    }

    private func details(_ delegation: ListedDelegation) -> [String] {
        let issuer = Cell(id: delegation.issuer).shown(style)
        let audience = Cell(id: delegation.audience).shown(style)
        var lines = ["\(issuer) → \(audience)"]
        for capability in delegation.capabilities {
            let resource = Cell(id: capability.resource).shown(style)
            lines.append("\(Cell(capability.ability).text) on \(resource)")
        }
        if let notBefore = delegation.notBefore { lines.append("from \(Cell(notBefore).text)") }
        if let expiresAt = delegation.expiresAt { lines.append("until \(Cell(expiresAt).text)") }
        if let cause = delegation.cause {
            lines.append(Tone(status: delegation.status).paint(Cell(id: cause).shown(style), style))
        }
        return lines
    }
}

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
