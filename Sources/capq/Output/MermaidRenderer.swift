/// Prints a delegation graph in the language of Mermaid.
struct MermaidRenderer {
    let style: OutputStyle

    func render(_ graph: DelegationGraph) -> String {
        var lines = ["flowchart LR"]
        for (place, principal) in graph.principals.enumerated() {
            lines.append("    p\(place)[\"\(escaped(principal))\"]")
        }
        for edge in graph.edges {
            let label = ([edge.cid] + edge.abilities + (edge.status.map { [$0] } ?? [])).map(escaped)
            let arrow: String
            switch Tone(status: edge.status) {
            case .plain, .faint, .good: arrow = "-->"
            case .waiting, .bad: arrow = "-.->"
            }
            lines.append("    p\(edge.issuer) \(arrow)|\"\(label.joined(separator: "<br>"))\"| p\(edge.audience)")
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// Writes everything Mermaid could take for syntax as a numbered entity.
    private func escaped(_ text: String) -> String {
        var result = ""
        for scalar in Cell(id: text).shown(style).unicodeScalars {
            let isPlain =
                scalar.properties.isAlphabetic || ("0"..."9").contains(scalar)
                || ":/.-_…% ".unicodeScalars.contains(scalar)
            if isPlain { result.unicodeScalars.append(scalar) } else { result += "#\(scalar.value);" }
        }
        return result
    }
}
