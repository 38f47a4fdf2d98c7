import Multiformats

/// Checks one value against a schema, knowing where in the value it is.
struct LexiconValidator {
    let catalog: LexiconCatalog
    private var path: [Step]
    /// Schemas entered and not yet left: bounds values nested in each other and references that lead in a circle.
    private var depth = 0

    static let maxDepth = 128

    private enum Step {
        case name(String)
        case index(Int)
    }

    init(_ catalog: LexiconCatalog, at root: String) {
        self.catalog = catalog
        path = [.name(root)]
    }

    func fail(_ what: String) -> ATProtoError {
        let steps = path.map { step in
            switch step {
            case .name(let name): name
            case .index(let index): String(index)
            }
        }
        return ATProtoError("InvalidRequest", "`\(steps.joined(separator: "/"))` \(what)")
    }

    mutating func check(_ value: JSON, _ schema: LexiconSchema) throws(ATProtoError) {
        guard depth < Self.maxDepth else { throw fail("is nested too deeply") }
        depth += 1
        switch schema {
        case .boolean(let const): try check(boolean: value, const)
        case .integer(let integer): try check(integer: value, integer)
        case .string(let string): try check(string: value, string)
        case .bytes(let length): try check(bytes: value, length)
        case .cidLink: try check(link: value)
        case .blob(let blob): try check(blob: value, blob)
        case .array(let items, let length): try check(array: value, items, length)
        case .object(let object): try check(object: value, object)
        case .union(let references, let isClosed): try check(union: value, references, isClosed)
        case .reference(let reference): try check(value, reference)
        case .token: throw fail("is described by a token, which has no values")
        case .unknown: try check(unknown: value)
        }
        depth -= 1
    }

    private mutating func check(_ value: JSON, _ reference: LexiconReference) throws(ATProtoError) {
        switch catalog[reference] {
        case .schema(.token):
            guard let text = value.string, UTF8Bytes.equal(text, "\(reference)") else {
                throw fail("must be `\(reference)`")
            }
        case .schema(let schema): try check(value, schema)
        case .record(_, let object): try check(value, .object(object))
        case .method, .space, .permissions, .other, nil:
            throw fail("is described by `\(reference)`, which is not known here")
        }
    }

    private mutating func check(
        array value: JSON, _ items: LexiconSchema, _ length: LexiconRange
    ) throws(ATProtoError) {
        guard case .array(let values) = value else { throw fail("must be a list") }
        try check(Int64(values.count), length, "items")
        for (index, value) in values.enumerated() {
            path.append(.index(index))
            try check(value, items)
            path.removeLast()
        }
    }

    private mutating func check(object value: JSON, _ object: LexiconObject) throws(ATProtoError) {
        guard case .object(let members) = value else { throw fail("must be an object") }
        for property in object.properties {
            path.append(.name(property.name))
            switch members[property.name] {
            case nil: if property.isRequired { throw fail("is missing") }
            case .null?: if !property.isNullable { throw fail("must not be null") }
            case let member?: try check(member, property.schema)
            }
            path.removeLast()
        }
    }

    private mutating func check(
        union value: JSON, _ references: [LexiconReference], _ isClosed: Bool
    ) throws(ATProtoError) {
        guard case .object(let members) = value else { throw fail("must be an object") }
        guard let type = members["$type"]?.string, !type.isEmpty else { throw fail("must have a `$type`") }
        let named = references.first { UTF8Bytes.equal("\($0)", type) }
        if let named, catalog[named] != nil { return try check(value, .reference(named)) }
        guard !isClosed else {
            let names = references.map { "`\($0)`" }.joined(separator: ", ")
            throw fail("must have one of these as `$type`: \(names)")
        }
    }

    func check(_ count: Int64, _ range: LexiconRange, _ unit: String) throws(ATProtoError) {
        if let least = range.least, count < least { throw fail("must have at least \(least) \(unit)") }
        if let most = range.most, count > most { throw fail("must have at most \(most) \(unit)") }
    }

    /// Checks one parameter by the texts given for it; only a list may be given more than once.
    mutating func checkParameter(
        _ texts: [String], _ property: LexiconObject.Property
    ) throws(ATProtoError) {
        path.append(.name(property.name))
        defer { path.removeLast() }
        guard !texts.isEmpty else {
            guard !property.isRequired else { throw fail("is missing") }
            return
        }
        if case .array(let items, _) = property.schema {
            return try check(.array(texts.map { Self.value($0, items) }), property.schema)
        }
        guard texts.count == 1 else { throw fail("is given more than once") }
        // A parameter of unknown type may hold any text.
        if case .unknown = property.schema { return }
        try check(Self.value(texts[0], property.schema), property.schema)
    }

    /// Reads the text of a parameter as its schema wants it; what cannot be read stays a text, which is then refused.
    private static func value(_ text: String, _ schema: LexiconSchema) -> JSON {
        switch schema {
        case .boolean:
            UTF8Bytes.equal(text, "true") ? .bool(true) : UTF8Bytes.equal(text, "false") ? .bool(false) : .string(text)
        case .integer: JSONNumber(text: text).map { .number($0) } ?? .string(text)
        default: .string(text)
        }
    }
}
