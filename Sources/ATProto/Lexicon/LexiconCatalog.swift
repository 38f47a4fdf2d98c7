public import Multiformats

/// Holds documents that refer to each other, every reference that a record may need resolved.
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

    public subscript(_ reference: LexiconReference) -> LexiconDefinition? {
        documents[reference.document]?.definitions[reference.name]
    }

    /// The query or procedure of this name; nil when there is none.
    package func method(_ nsid: String) -> LexiconMethod? {
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
        // Methods are served by what is built in, not by their lexicons.
        case .method, .space, .permissions, .other: []
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

// Every refusal is `InvalidRequest`; its message begins with the path to the value that is wrong, such as
// `record/embed/images/3/alt`. The work is linear in the size of the value: no value is tried against two schemas.
extension LexiconCatalog {
    /// Says whether a record's lexicon was there to check it (atproto-spaces.md 7).
    public enum RecordStatus: String, Sendable {
        case valid
        case unknown
    }

    /// Checks a record and its key. Without its lexicon the status is `unknown`, which is refused if `isRequired`.
    public func validateRecord(
        _ record: JSON, collection: String, rkey: String, isRequired: Bool = false
    ) throws(ATProtoError) -> RecordStatus {
        guard let known = self.record(collection) else {
            guard !isRequired else {
                throw ATProtoError("InvalidRequest", "the lexicon of `\(collection)` is not known here")
            }
            return .unknown
        }
        guard let type = record["$type"]?.string, UTF8Bytes.equal(type, collection) else {
            throw ATProtoError("InvalidRequest", "`record/$type` must be `\(collection)`")
        }
        guard known.key.accepts(rkey) else {
            throw ATProtoError("InvalidRequest", "`rkey` must be \(known.key.noun)")
        }
        try validate(record, as: .object(known.schema), named: "record")
        return .valid
    }

    /// Checks a value against a schema; `name` is what refusals call it.
    package func validate(_ value: JSON, as schema: LexiconSchema, named name: String) throws(ATProtoError) {
        var validator = LexiconValidator(self, at: name)
        try validator.check(value, schema)
    }
}

extension LexiconRecordKey {
    func accepts(_ rkey: String) -> Bool {
        switch self {
        case .tid: LexiconFormat.tid.accepts(rkey)
        case .nsid: LexiconFormat.nsid.accepts(rkey)
        case .any: LexiconFormat.recordKey.accepts(rkey)
        case .literal(let value): UTF8Bytes.equal(rkey, value)
        }
    }

    var noun: String {
        switch self {
        case .tid: LexiconFormat.tid.noun
        case .nsid: LexiconFormat.nsid.noun
        case .any: LexiconFormat.recordKey.noun
        case .literal(let value): "`\(value)`"
        }
    }
}
