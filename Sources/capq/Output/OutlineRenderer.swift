import Multiformats

/// Prints a document of unknown shape with one value a line, two blanks deeper at each level.
struct OutlineRenderer {
    let style: OutputStyle

    func render(_ json: JSON) -> String {
        var lines: [String] = []
        write(json, depth: 0, into: &lines)
        return lines.map { $0 + "\n" }.joined()
    }

    // The parser bounds the depth of anything that can reach this.
    private func write(_ json: JSON, depth: Int, into lines: inout [String]) {
        let indent = String(repeating: "  ", count: depth)
        switch json {
        case .object(let object):
            for member in object.members {
                let name = Tone.faint.paint(PrintableText.of(member.key), style)
                if let value = plain(member.value) {
                    lines.append("\(indent)\(name)  \(value)")
                } else {
                    lines.append(indent + name)
                    write(member.value, depth: depth + 1, into: &lines)
                }
            }
        case .array(let items):
            for item in items {
                if let value = plain(item) {
                    lines.append("\(indent)- \(value)")
                } else {
                    lines.append("\(indent)-")
                    write(item, depth: depth + 1, into: &lines)
                }
            }
        case .null, .bool, .number, .string:
            lines.append(indent + (plain(json) ?? ""))
        }
    }

    private func plain(_ json: JSON) -> String? {
        switch json {
        case .null: "-"
        case .bool(let truth): truth ? "yes" : "no"
        case .number(let number): number.text
        case .string(let text): Cell(id: text).shown(style)
        case .array(let items): items.isEmpty ? "none" : nil
        case .object(let object): object.isEmpty ? "none" : nil
        }
    }
}
