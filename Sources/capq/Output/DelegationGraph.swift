import CapClient

/// Holds delegations as a graph: principals are nodes, delegations point from issuer to audience.
struct DelegationGraph: Sendable, Equatable {
    struct Edge: Sendable, Equatable {
        /// Places in `principals`.
        let issuer: Int
        let audience: Int
        let cid: String
        let abilities: [String]
        let status: String?
    }

    /// DIDs in order of first appearance.
    let principals: [String]
    let edges: [Edge]

    init(_ delegations: [ListedDelegation]) {
        var principals: [String] = []
        var places: [[UInt8]: Int] = [:]
        func place(_ did: String) -> Int {
            let key = Array(did.utf8)
            if let known = places[key] { return known }
            places[key] = principals.count
            principals.append(did)
            return principals.count - 1
        }
        edges = delegations.map { delegation in
            var abilities: [String] = []
            for capability in delegation.capabilities where !abilities.contains(capability.ability) {
                abilities.append(capability.ability)
            }
            return Edge(
                issuer: place(delegation.issuer),
                audience: place(delegation.audience),
                cid: delegation.cid,
                abilities: abilities,
                status: delegation.status
            )
        }
        self.principals = principals
    }
}

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
