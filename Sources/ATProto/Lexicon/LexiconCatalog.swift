/// Holds documents that refer to each other, every reference resolved.
public struct LexiconCatalog: Sendable {
    private let documents: [String: LexiconDocument]

    public init() { documents = [:] }

    /// Throws `InvalidLexicon` for two documents of one NSID and for a reference to nothing.
    ///
    /// An open union may name documents that are not here: what bears such a `$type` is taken unseen.
    public init(_ list: [LexiconDocument]) throws(ATProtoError) {
        var documents: [String: LexiconDocument] = [:]
        for document in list {
            guard documents.updateValue(document, forKey: document.id) == nil else {
                throw ATProtoError("InvalidLexicon", "`\(document.id)` is given twice")
            }
        }
        self.documents = documents
        for document in list {
            for (name, definition) in document.definitions {
                for reference in definition.needed where self[reference] == nil {
                    throw ATProtoError(
                        "InvalidLexicon", "`\(document.id)#\(name)` refers to `\(reference)`, which is not here")
                }
            }
        }
    }

    /// Gives a catalog in which these documents replace those of the same NSIDs.
    public func replacing(_ list: [LexiconDocument]) throws(ATProtoError) -> LexiconCatalog {
        var others = documents
        for document in list { others[document.id] = nil }
        return try LexiconCatalog(Array(others.values) + list)
    }

    /// NSIDs of all documents, sorted.
    public var names: [String] { documents.keys.sorted() }

    public subscript(_ reference: LexiconReference) -> LexiconDefinition? {
        documents[reference.document]?.definitions[reference.name]
    }

    /// The query or procedure of this name; nil when there is none.
    public func method(_ nsid: String) -> LexiconMethod? {
        // What is not ASCII could equal a key of the dictionary without having its bytes.
        guard LexiconFormat.nsid.accepts(nsid), case .method(let method)? = self[LexiconReference(document: nsid)]
        else { return nil }
        return method
    }

    /// The record of a collection and the form of its keys; nil when its lexicon is not known here.
    public func record(_ collection: String) -> (key: LexiconRecordKey, schema: LexiconObject)? {
        guard LexiconFormat.nsid.accepts(collection),
            case .record(let key, let schema)? = self[LexiconReference(document: collection)]
        else { return nil }
        return (key, schema)
    }
}

extension LexiconDefinition {
    /// References that must resolve for a value to be checked at all.
    fileprivate var needed: [LexiconReference] {
        switch self {
        case .schema(let schema): schema.needed
        case .record(_, let object): object.needed
        case .method(let method):
            (method.parameters?.needed ?? []) + (method.input?.schema?.needed ?? [])
                + (method.output?.schema?.needed ?? [])
        case .space, .permissions, .other: []
        }
    }
}

extension LexiconObject {
    fileprivate var needed: [LexiconReference] { properties.flatMap(\.schema.needed) }
}

extension LexiconSchema {
    fileprivate var needed: [LexiconReference] {
        switch self {
        case .reference(let reference): [reference]
        case .array(let items, _): items.needed
        case .object(let object): object.needed
        case .union(let references, closed: true): references
        case .boolean, .integer, .string, .bytes, .cidLink, .blob, .union, .token, .unknown: []
        }
    }
}
