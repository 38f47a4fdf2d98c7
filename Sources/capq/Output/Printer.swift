import Multiformats

/// Turns an answer into the bytes of standard output.
struct Printer {
    let style: OutputStyle

    /// Prints `answer`; a usage failure when the answer has no such form.
    func render(_ answer: Answer, as format: OutputFormat) throws(CommandError) -> String {
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

/// Prints JSON for people and for pipes.
enum JSONPrinter {
    /// Prints on one line.
    static func line(_ json: JSON) -> String {
        String(decoding: json.serialized(), as: UTF8.self)
    }

    /// Prints with a member a line, two blanks deeper at each level.
    static func indented(_ json: JSON) -> String {
        var text = ""
        write(json, depth: 0, into: &text)
        return text
    }

    // The parser bounds the depth of anything that can reach this.
    private static func write(_ json: JSON, depth: Int, into text: inout String) {
        let inner = String(repeating: "  ", count: depth + 1)
        let outer = String(repeating: "  ", count: depth)
        switch json {
        case .array(let items) where !items.isEmpty:
            text += "[\n"
            for (index, item) in items.enumerated() {
                text += index == 0 ? inner : ",\n\(inner)"
                write(item, depth: depth + 1, into: &text)
            }
            text += "\n\(outer)]"
        case .object(let object) where !object.members.isEmpty:
            text += "{\n"
            for (index, member) in object.members.enumerated() {
                text += index == 0 ? inner : ",\n\(inner)"
                text += line(.string(member.key)) + ": "
                write(member.value, depth: depth + 1, into: &text)
            }
            text += "\n\(outer)}"
        case .null, .bool, .number, .string, .array, .object:
            text += line(json)
        }
    }
}
