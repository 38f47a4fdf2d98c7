/// Prints a delegation graph in the language of Graphviz.
struct DotRenderer {
    let style: OutputStyle

    func render(_ graph: DelegationGraph) -> String {
        var lines = ["digraph delegations {", "    rankdir=LR;", "    node [shape=box];"]
        for (place, principal) in graph.principals.enumerated() {
            lines.append("    p\(place) [label=\(quoted([principal]))];")
        }
        for edge in graph.edges {
            let look: String
            switch Tone(status: edge.status) {
            case .plain, .faint, .good: look = ""
            case .waiting: look = ", color=orange, style=dashed"
            case .bad: look = ", color=red, style=dashed"
            }
            let label = [edge.cid] + edge.abilities + (edge.status.map { [$0] } ?? [])
            lines.append("    p\(edge.issuer) -> p\(edge.audience) [label=\(quoted(label))\(look)];")
        }
        return (lines + ["}"]).map { $0 + "\n" }.joined()
    }

    private func quoted(_ lines: [String]) -> String {
        var result = "\""
        for (index, line) in lines.enumerated() {
            if index > 0 { result += "\\n" }
            for character in Cell(id: line).shown(style) {
                if character == "\"" || character == "\\" { result.append("\\") }
                result.append(character)
            }
        }
        return result + "\""
    }
}
