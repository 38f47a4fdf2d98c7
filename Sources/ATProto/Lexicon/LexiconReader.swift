import Multiformats

/// Reads definitions of one document; every error is `InvalidLexicon` with the path from `defs`.
struct LexiconReader {
    let document: String
    var path: [String] = []

    init(document: String) { self.document = document }

    func fail(_ what: String) -> ATProtoError {
        ATProtoError("InvalidLexicon", "`\(path.joined(separator: "/"))` of `\(document)` \(what)")
    }

    mutating func inside<T>(
        _ name: String, _ body: (inout LexiconReader) throws(ATProtoError) -> T
    ) throws(ATProtoError) -> T {
        path.append(name)
        let value = try body(&self)
        path.removeLast()
        return value
    }

    mutating func definition(_ json: JSON, named name: String) throws(ATProtoError) -> LexiconDefinition {
        try inside(name) { reader throws(ATProtoError) in
            let object = try reader.object(json)
            let type = try reader.text(object, "type")
            switch type {
            case "record": return try reader.record(object)
            case "query": return .method(try reader.method(object, .query))
            case "procedure": return .method(try reader.method(object, .procedure))
            case "space": return .space(try reader.spaceType(object))
            case "permission-set": return .permissions(try reader.permissions(object))
            case "subscription": return .other
            default: return .schema(try reader.schema(json))
            }
        }
    }

    private mutating func record(_ object: JSONObject) throws(ATProtoError) -> LexiconDefinition {
        let key: LexiconRecordKey
        switch try text(object, "key") {
        case "tid": key = .tid
        case "nsid": key = .nsid
        case "any": key = .any
        case let other where other.hasPrefix("literal:"): key = .literal(String(other.dropFirst(8)))
        default: throw fail("has a `key` of no known kind")
        }
        let record = try inside("record") { reader throws(ATProtoError) in
            try reader.properties(reader.object(object["record"]), expecting: "object")
        }
        return .record(key: key, record)
    }

    private mutating func method(
        _ object: JSONObject, _ verb: LexiconMethod.Verb
    ) throws(ATProtoError) -> LexiconMethod {
        var method = LexiconMethod(verb: verb)
        if let parameters = object["parameters"] {
            method.parameters = try inside("parameters") { reader throws(ATProtoError) in
                try reader.properties(reader.object(parameters), expecting: "params")
            }
        }
        method.input = try body(object, "input")
        method.output = try body(object, "output")
        if let errors = object["errors"] {
            guard let errors = errors.array else { throw fail("has `errors` that are no list") }
            for error in errors { method.errors.append(try text(try self.object(error), "name")) }
        }
        return method
    }

    private mutating func body(_ object: JSONObject, _ name: String) throws(ATProtoError) -> LexiconMethod.Body? {
        guard let json = object[name] else { return nil }
        return try inside(name) { reader throws(ATProtoError) in
            let object = try reader.object(json)
            var body = LexiconMethod.Body(encoding: try reader.text(object, "encoding"))
            if let schema = object["schema"] {
                body.schema = try reader.inside("schema") { reader throws(ATProtoError) in try reader.schema(schema) }
            }
            return body
        }
    }

    /// The entries about spaces, each of which must be usable; those about other resources are not for this host.
    private func permissions(_ object: JSONObject) throws(ATProtoError) -> [SpaceScope] {
        guard let entries = object["permissions"]?.array else { throw fail("must list `permissions`") }
        guard let set = try? NSID(document) else { throw fail("belongs to no NSID") }
        var scopes: [SpaceScope] = []
        for (index, entry) in entries.enumerated() {
            guard entry["type"]?.string.isExactly("permission") == true, let resource = entry["resource"]?.string else {
                throw fail("has an entry \(index) in `permissions` that is no permission")
            }
            guard resource.isExactly("space") else { continue }
            guard let scope = SpaceScope(permission: entry, of: set) else {
                throw fail("has an entry \(index) in `permissions` that is no usable permission on spaces")
            }
            scopes.append(scope)
        }
        return scopes
    }

    private func spaceType(_ object: JSONObject) throws(ATProtoError) -> LexiconSpaceType {
        let collections = try texts(object, "collections")
        guard object["collections"] != nil, collections.allSatisfy({ LexiconFormat.nsid.accepts($0) }) else {
            throw fail("must list NSIDs as `collections`")
        }
        return LexiconSpaceType(
            key: try text(object, "key"), name: try text(object, "name"), collections: collections)
    }
}

extension LexiconReader {
    mutating func schema(_ json: JSON) throws(ATProtoError) -> LexiconSchema {
        let object = try object(json)
        switch try text(object, "type") {
        case "boolean":
            guard object["const"] == nil || object["const"]?.bool != nil else {
                throw fail("has a `const` of another type")
            }
            return .boolean(const: object["const"]?.bool)
        case "integer": return .integer(try integer(object))
        case "string": return .string(try string(object))
        case "bytes": return .bytes(try range(object, "minLength", "maxLength"))
        case "cid-link": return .cidLink
        case "blob":
            return .blob(LexiconBlob(accepted: try texts(object, "accept"), maxSize: try integer(object, "maxSize")))
        case "array":
            let length = try range(object, "minLength", "maxLength")
            guard let items = object["items"] else { throw fail("has no `items`") }
            let schema = try inside("items") { reader throws(ATProtoError) in try reader.schema(items) }
            return .array(items: schema, length: length)
        case "object": return .object(try properties(object, expecting: "object"))
        case "union":
            var references: [LexiconReference] = []
            for text in try texts(object, "refs") { references.append(try reference(text)) }
            let isClosed = object["closed"]?.bool ?? false
            guard !(references.isEmpty && isClosed) else { throw fail("is a closed union of nothing") }
            return .union(references, closed: isClosed)
        case "ref": return .reference(try reference(try text(object, "ref")))
        case "token": return .token
        case "unknown": return .unknown
        default: throw fail("has a `type` that is not known")
        }
    }

    private func integer(_ object: JSONObject) throws(ATProtoError) -> LexiconInteger {
        var allowed: [Int64] = []
        if let only = try integer(object, "const") { allowed = [only] }
        if let values = object["enum"] {
            let numbers = values.array?.compactMap { $0.number?.int64 } ?? []
            guard !numbers.isEmpty, numbers.count == values.array?.count else {
                throw fail("has an `enum` that is no list of integers")
            }
            allowed += numbers
        }
        return LexiconInteger(range: try range(object, "minimum", "maximum"), allowed: allowed)
    }

    private func string(_ object: JSONObject) throws(ATProtoError) -> LexiconString {
        var string = LexiconString()
        if let name = object["format"] {
            guard let format = name.string.flatMap({ LexiconFormat(rawValue: $0) }) else {
                throw fail("has a `format` that is not known")
            }
            string.format = format
        }
        string.length = try range(object, "minLength", "maxLength")
        string.graphemes = try range(object, "minGraphemes", "maxGraphemes")
        if object["const"] != nil { string.allowed = [try text(object, "const")] }
        if object["enum"] != nil {
            string.allowed += try texts(object, "enum")
            guard !string.allowed.isEmpty else { throw fail("has an empty `enum`") }
        }
        return string
    }

    mutating func properties(_ object: JSONObject, expecting type: String) throws(ATProtoError) -> LexiconObject {
        guard UTF8Bytes.equal(try text(object, "type"), type) else { throw fail("must have `type` `\(type)`") }
        let required = try texts(object, "required")
        let nullable = try texts(object, "nullable")
        var result = LexiconObject()
        let members = object["properties"].map { $0.object?.members } ?? []
        guard let members else { throw fail("has `properties` that are no object") }
        for member in members {
            let schema = try inside(member.key) { reader throws(ATProtoError) in try reader.schema(member.value) }
            if UTF8Bytes.equal(type, "params") { try checkParameter(schema, member.key) }
            result.properties.append(
                .init(
                    name: member.key, schema: schema,
                    isRequired: required.contains { UTF8Bytes.equal($0, member.key) },
                    isNullable: nullable.contains { UTF8Bytes.equal($0, member.key) }))
        }
        for name in required + nullable where object["properties"]?[name] == nil {
            throw fail("requires or nulls `\(name)`, which it does not describe")
        }
        return result
    }

    private func checkParameter(_ schema: LexiconSchema, _ name: String) throws(ATProtoError) {
        switch schema {
        case .boolean, .integer, .string, .unknown, .array(items: .boolean, _), .array(items: .integer, _),
            .array(items: .string, _), .array(items: .unknown, _):
            return
        default: throw fail("has a parameter `\(name)` that no query string can hold")
        }
    }

    private func reference(_ text: String) throws(ATProtoError) -> LexiconReference {
        guard let reference = LexiconReference(text, in: document) else { throw fail("has a malformed reference") }
        return reference
    }
}

// Members of a definition by their types.
extension LexiconReader {
    func object(_ json: JSON?) throws(ATProtoError) -> JSONObject {
        guard let object = json?.object else { throw fail("must be an object") }
        return object
    }

    func text(_ object: JSONObject, _ name: String) throws(ATProtoError) -> String {
        guard let text = object[name]?.string else { throw fail("must have a text `\(name)`") }
        return text
    }

    /// Gives a list of texts, empty when absent.
    func texts(_ object: JSONObject, _ name: String) throws(ATProtoError) -> [String] {
        guard let json = object[name] else { return [] }
        let texts = json.array?.compactMap(\.string)
        guard let texts, texts.count == json.array?.count else { throw fail("must have a list of texts as `\(name)`") }
        return texts
    }

    func integer(_ object: JSONObject, _ name: String) throws(ATProtoError) -> Int64? {
        guard let json = object[name] else { return nil }
        guard let value = json.number?.int64 else { throw fail("must have an integer as `\(name)`") }
        return value
    }

    func range(_ object: JSONObject, _ least: String, _ most: String) throws(ATProtoError) -> LexiconRange {
        LexiconRange(least: try integer(object, least), most: try integer(object, most))
    }
}
