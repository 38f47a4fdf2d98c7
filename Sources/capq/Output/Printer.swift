import Multiformats

/// Turns an answer into the bytes of standard output.
struct Printer {
    let style: OutputStyle

    /// Prints `answer`; a usage failure when the answer has no such form.
    func render(_ answer: Answer, as format: OutputFormat) throws(Failure) -> String {
        if let text = answer.text { return text }
        switch format {
        case .json:
            if let json = answer.json { return JSONPrinter.indented(json) + "\n" }
        case .jsonl:
            if let rows = answer.rows ?? answer.json.map({ [$0] }) {
                return rows.map { JSONPrinter.line($0) + "\n" }.joined()
            }
        case .table:
            if !answer.blocks.isEmpty { return answer.blocks.map(render).joined(separator: "\n") }
        case .tree:
            if let delegations = answer.delegations { return TreeRenderer(style: style).render(delegations) }
        case .dot:
            if let delegations = answer.delegations {
                return DotRenderer(style: style).render(DelegationGraph(delegations))
            }
        case .mermaid:
            if let delegations = answer.delegations {
                return MermaidRenderer(style: style).render(DelegationGraph(delegations))
            }
        }
        throw .usage("this answer cannot be printed as `\(format.rawValue)`", hint: "try `--output json`")
    }

    private func render(_ block: Block) -> String {
        switch block {
        case .table(let table): TableRenderer(style: style).render(table)
        case .tree(let delegations): TreeRenderer(style: style).render(delegations)
        case .walk(let json): WalkRenderer(style: style).render(json)
        }
    }
}
