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
}

// Values without parts of their own.
extension LexiconValidator {
    func check(boolean value: JSON, _ const: Bool?) throws(ATProtoError) {
        guard case .bool(let flag) = value else { throw fail("must be `true` or `false`") }
        if let const, flag != const { throw fail("must be `\(const)`") }
    }

    func check(integer value: JSON, _ integer: LexiconInteger) throws(ATProtoError) {
        // The data model has no fractions: `1.0` and `1e3` are as little integers as `1.5`.
        guard case .number(let number) = value, let whole = Int64(number.text) else { throw fail("must be an integer") }
        if let least = integer.range.least, whole < least { throw fail("must be at least \(least)") }
        if let most = integer.range.most, whole > most { throw fail("must be at most \(most)") }
        if !integer.allowed.isEmpty, !integer.allowed.contains(whole) {
            throw fail("must be one of \(integer.allowed.map(String.init).joined(separator: ", "))")
        }
    }

    func check(string value: JSON, _ string: LexiconString) throws(ATProtoError) {
        guard case .string(let text) = value else { throw fail("must be a text") }
        try check(Int64(text.utf8.count), string.length, "bytes")
        if string.graphemes != LexiconRange() { try check(Int64(text.count), string.graphemes, "characters") }
        if !string.allowed.isEmpty, !string.allowed.contains(where: { UTF8Bytes.equal($0, text) }) {
            throw fail("must be one of \(string.allowed.map { "`\($0)`" }.joined(separator: ", "))")
        }
        if let format = string.format, !format.accepts(text) { throw fail("must be \(format.noun)") }
    }

    func check(bytes value: JSON, _ length: LexiconRange) throws(ATProtoError) {
        guard let text = only("$bytes", of: value), let count = Self.base64ByteCount(text) else {
            throw fail("must be `{\"$bytes\": …}` in base64")
        }
        try check(Int64(count), length, "bytes")
    }

    func check(link value: JSON) throws(ATProtoError) {
        guard let text = only("$link", of: value), LexiconFormat.cid.accepts(text) else {
            throw fail("must be `{\"$link\": …}` with a CID")
        }
    }

    func check(blob value: JSON, _ blob: LexiconBlob) throws(ATProtoError) {
        guard let type = value["$type"]?.string, UTF8Bytes.equal(type, "blob"), let link = value["ref"],
            let mimeType = value["mimeType"]?.string, !mimeType.isEmpty,
            let size = value["size"]?.number.flatMap({ Int64($0.text) }), size >= 0
        else { throw fail("must be a blob with `ref`, `mimeType` and `size`") }
        guard let text = only("$link", of: link), LexiconFormat.cid.accepts(text) else {
            throw fail("must have a link as its `ref`")
        }
        if !blob.accepted.isEmpty, !blob.accepted.contains(where: { Self.matches(mimeType, $0) }) {
            throw fail("must have a `mimeType` like \(blob.accepted.map { "`\($0)`" }.joined(separator: ", "))")
        }
        if let most = blob.maxSize, size > most { throw fail("must have at most \(most) bytes") }
    }

    func check(unknown value: JSON) throws(ATProtoError) {
        guard case .object(let object) = value else { throw fail("must be an object") }
        guard object["$link"] == nil, object["$bytes"] == nil else { throw fail("must be an object with members") }
        if let type = object["$type"]?.string, UTF8Bytes.equal(type, "blob") { throw fail("must not be a blob") }
    }

    /// Gives the text of an object's only member if it has this name.
    private func only(_ name: String, of value: JSON) -> String? {
        guard case .object(let object) = value, object.count == 1 else { return nil }
        return object[name]?.string
    }

    /// Counts the bytes of standard base64, padded or not; nil for other text.
    static func base64ByteCount(_ text: String) -> Int? {
        var digits = text.utf8[...]
        if digits.count % 4 == 0 {
            for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
        }
        let isAlphabet = digits.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "+/".utf8.contains(byte)
        }
        guard isAlphabet, digits.count % 4 != 1 else { return nil }
        return digits.count * 3 / 4
    }

    /// Matches `image/png` against itself, `image/*` and `*/*`.
    private static func matches(_ mimeType: String, _ pattern: String) -> Bool {
        if UTF8Bytes.equal(pattern, "*/*") { return true }
        guard pattern.utf8.suffix(2).elementsEqual("/*".utf8) else { return UTF8Bytes.equal(mimeType, pattern) }
        return mimeType.utf8.starts(with: pattern.utf8.dropLast())
    }
}
