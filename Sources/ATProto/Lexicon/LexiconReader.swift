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
