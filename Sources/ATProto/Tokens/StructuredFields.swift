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

/// Parses structured dictionaries (RFC 8941 4.2), strictly and bounded.
///
/// Stricter than the RFC in one point: a name that comes twice is refused, where the RFC keeps the last.
struct StructuredFieldParser {
    static let maximumLength = 8192
    static let maximumCount = 32

    private var rest: ArraySlice<UInt8>

    /// Parses the values of one header, given in their order; nil for anything malformed.
    static func dictionary(_ values: [String]) -> [String: StructuredMember]? {
        let bytes = Array(values.joined(separator: ", ").utf8.prefix(maximumLength + 1))
        guard bytes.count <= maximumLength else { return nil }
        var parser = StructuredFieldParser(rest: bytes[...])
        return parser.dictionary()
    }

    private init(rest: ArraySlice<UInt8>) { self.rest = rest }

    private mutating func dictionary() -> [String: StructuredMember]? {
        var members: [String: StructuredMember] = [:]
        skipBlanks(tabs: false)
        while !rest.isEmpty {
            guard members.count < Self.maximumCount, let name = key(), members[name] == nil, let member = member()
            else { return nil }
            members[name] = member
            skipBlanks(tabs: true)
            guard !rest.isEmpty else { break }
            guard take(",") else { return nil }
            skipBlanks(tabs: true)
            // A comma announces another member.
            guard !rest.isEmpty else { return nil }
        }
        return members
    }

    private mutating func member() -> StructuredMember? {
        guard take("=") else { return parameters().map { .item(.boolean(true), $0) } }
        guard rest.first == UInt8(ascii: "(") else {
            guard let item = item(), let parameters = parameters() else { return nil }
            return .item(item, parameters)
        }
        return list()
    }

    private mutating func list() -> StructuredMember? {
        rest.removeFirst()
        var items: [(item: StructuredItem, parameters: StructuredParameters)] = []
        while true {
            skipBlanks(tabs: false)
            if take(")") { return parameters().map { .list(items, $0) } }
            guard items.count < Self.maximumCount, let item = item(), let parameters = parameters() else { return nil }
            items.append((item, parameters))
            guard rest.first == UInt8(ascii: " ") || rest.first == UInt8(ascii: ")") else { return nil }
        }
    }

    private mutating func parameters() -> StructuredParameters? {
        var parameters = StructuredParameters()
        while take(";") {
            skipBlanks(tabs: false)
            guard parameters.pairs.count < Self.maximumCount, let name = key(), parameters[name] == nil else {
                return nil
            }
            var value = StructuredItem.boolean(true)
            if take("=") {
                guard let given = item() else { return nil }
                value = given
            }
            parameters.pairs.append(.init(name: name, value: value))
        }
        return parameters
    }

    private mutating func key() -> String? {
        guard let first = rest.first, Self.isLower(first) || first == UInt8(ascii: "*") else { return nil }
        return takeText { Self.isLower($0) || ASCIIText.isDigit($0) || "_-.*".utf8.contains($0) }
    }

    private mutating func item() -> StructuredItem? {
        switch rest.first {
        case UInt8(ascii: "\"")?: string().map { .string($0) }
        case UInt8(ascii: ":")?: bytes().map { .bytes($0) }
        case UInt8(ascii: "?")?: boolean().map { .boolean($0) }
        case let first? where ASCIIText.isLetter(first) || first == UInt8(ascii: "*"):
            .token(takeText { ASCIIText.isAlphanumeric($0) || "!#$%&'*+-.^_`|~:/".utf8.contains($0) })
        default: number()
        }
    }

    private mutating func string() -> String? {
        rest.removeFirst()
        var content: [UInt8] = []
        while var byte = rest.popFirst() {
            if byte == UInt8(ascii: "\"") { return String(decoding: content, as: UTF8.self) }
            if byte == UInt8(ascii: "\\") {
                guard let escaped = rest.popFirst(), escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\")
                else { return nil }
                byte = escaped
            } else {
                guard (0x20...0x7E).contains(byte) else { return nil }
            }
            content.append(byte)
        }
        return nil
    }

    private mutating func bytes() -> [UInt8]? {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: UInt8(ascii: ":")) else { return nil }
        defer { rest = rest[end...].dropFirst() }
        return Base64.decode(rest[..<end], padding: .required)
    }

    private mutating func boolean() -> Bool? {
        rest.removeFirst()
        if take("1") { return true }
        return take("0") ? false : nil
    }

    private mutating func number() -> StructuredItem? {
        let isNegative = take("-")
        let whole = takeText(ASCIIText.isDigit)
        guard take(".") else {
            guard (1...15).contains(whole.utf8.count), let value = Int64(whole) else { return nil }
            return .integer(isNegative ? -value : value)
        }
        let fraction = takeText(ASCIIText.isDigit)
        guard (1...12).contains(whole.utf8.count), (1...3).contains(fraction.utf8.count),
            let value = Int64(whole + fraction + String(repeating: "0", count: 3 - fraction.utf8.count))
        else { return nil }
        return .decimal(isNegative ? -value : value)
    }

    private mutating func takeText(_ isWanted: (UInt8) -> Bool) -> String {
        let taken = rest.prefix(while: isWanted)
        rest = rest[taken.endIndex...]
        return String(decoding: taken, as: UTF8.self)
    }

    private mutating func take(_ character: Character) -> Bool {
        guard let first = rest.first, first == character.asciiValue else { return false }
        rest.removeFirst()
        return true
    }

    private mutating func skipBlanks(tabs: Bool) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || (tabs && $0 == UInt8(ascii: "\t")) }
    }

    private static func isLower(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte) }
}
