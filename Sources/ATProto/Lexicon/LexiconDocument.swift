public import Multiformats

/// One schema document: an NSID and its definitions.
public struct LexiconDocument: Sendable, Hashable {
    public let id: String
    public let definitions: [String: LexiconDefinition]

    /// Bounds a document before any of it is read: 1 MiB, 32 levels, 20,000 values.
    public static let limits = JSONLimits(maxBytes: 1 << 20, maxDepth: 32, maxMembers: 20_000)

    /// Reads the JSON text of a document; throws `InvalidLexicon` naming the place that is wrong.
    public init(text: [UInt8]) throws(ATProtoError) {
        let json: JSON
        do {
            json = try JSON.parse(text, limits: Self.limits)
        } catch {
            throw ATProtoError("InvalidLexicon", "the lexicon is not JSON: \(error.message)")
        }
        try self.init(json)
    }

    public init(_ json: JSON) throws(ATProtoError) {
        guard let object = json.object else { throw ATProtoError("InvalidLexicon", "the lexicon is not an object") }
        guard case .number(let version)? = object["lexicon"], version.int64 == 1 else {
            throw ATProtoError("InvalidLexicon", "`lexicon` must be 1")
        }
        guard let id = object["id"]?.string, LexiconFormat.nsid.accepts(id) else {
            throw ATProtoError("InvalidLexicon", "`id` must be an NSID")
        }
        guard let entries = object["defs"]?.object, !entries.isEmpty else {
            throw ATProtoError("InvalidLexicon", "`defs` must be an object with a definition")
        }
        var reader = LexiconReader(document: id)
        var definitions: [String: LexiconDefinition] = [:]
        for entry in entries.members {
            guard LexiconReference("#" + entry.key, in: id) != nil else {
                throw ATProtoError("InvalidLexicon", "a definition of `\(id)` has a name that is not plain ASCII")
            }
            definitions[entry.key] = try reader.definition(entry.value, named: entry.key)
        }
        self.id = id
        self.definitions = definitions
    }
}
