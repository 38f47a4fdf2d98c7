import Multiformats

/// Holds a bare item of a structured field (RFC 8941 3.3).
enum StructuredItem: Hashable, Sendable {
    case integer(Int64)
    /// In thousandths.
    case decimal(Int64)
    case string(String)
    case token(String)
    case bytes([UInt8])
    case boolean(Bool)

    /// The canonical form (RFC 8941 4.1).
    var text: String {
        switch self {
        case .integer(let value): return String(value)
        case .decimal(let thousandths):
            var digits = String(thousandths.magnitude % 1000 + 1000).dropFirst()
            while digits.count > 1, digits.last == "0" { digits = digits.dropLast() }
            return "\(thousandths < 0 ? "-" : "")\(thousandths.magnitude / 1000).\(digits)"
        case .string(let value):
            var text = "\""
            for character in value.unicodeScalars {
                if character == "\"" || character == "\\" { text += "\\" }
                text.unicodeScalars.append(character)
            }
            return text + "\""
        case .token(let value): return value
        case .bytes(let value): return ":" + Base64.encode(value, padded: true) + ":"
        case .boolean(let value): return value ? "?1" : "?0"
        }
    }
}

/// Holds the parameters of an item or list, in their order, no two of one name.
struct StructuredParameters: Hashable, Sendable {
    struct Pair: Hashable, Sendable {
        let name: String
        let value: StructuredItem
    }

    var pairs: [Pair] = []

    subscript(_ name: String) -> StructuredItem? { pairs.first { $0.name == name }?.value }

    var text: String {
        pairs.map { $0.value == .boolean(true) ? ";\($0.name)" : ";\($0.name)=\($0.value.text)" }.joined()
    }
}

/// Holds a member of a structured dictionary (RFC 8941 3.2).
enum StructuredMember: Hashable, Sendable {
    case item(StructuredItem, StructuredParameters)
    case list([(item: StructuredItem, parameters: StructuredParameters)], StructuredParameters)

    static func == (left: StructuredMember, right: StructuredMember) -> Bool { left.text == right.text }
    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    /// The canonical form (RFC 8941 4.1), which is what a signature covers.
    var text: String {
        switch self {
        case .item(let item, let parameters): item.text + parameters.text
        case .list(let items, let parameters):
            "(" + items.map { $0.item.text + $0.parameters.text }.joined(separator: " ") + ")" + parameters.text
        }
    }
}
