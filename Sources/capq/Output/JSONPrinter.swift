import Multiformats

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
