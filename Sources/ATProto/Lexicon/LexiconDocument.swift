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

/// One entry of a document's `defs`.
public enum LexiconDefinition: Sendable, Hashable {
    case schema(LexiconSchema)
    /// A record and the form of its keys: `tid`, `nsid`, `any` or `literal:<value>`.
    case record(key: LexiconRecordKey, LexiconObject)
    case method(LexiconMethod)
    /// A space type (atproto-spaces.md 1) and the collections that it is about.
    case space(LexiconSpaceType)
    /// A permission set: what an app that includes it by name may do in spaces.
    case permissions([SpaceScope])
    /// A kind that constrains no value here: subscriptions.
    case other
}

public enum LexiconRecordKey: Sendable, Hashable {
    case tid
    case nsid
    case any
    case literal(String)
}

/// A query or procedure: what it takes and gives.
public struct LexiconMethod: Sendable, Hashable {
    public enum Verb: Sendable, Hashable {
        case query
        case procedure
    }

    /// A body: its MIME type and, for JSON, its schema.
    public struct Body: Sendable, Hashable {
        public var encoding: String
        public var schema: LexiconSchema?
    }

    public var verb: Verb
    public var parameters: LexiconObject?
    public var input: Body?
    public var output: Body?
    /// Names of the errors that it may answer beside the general ones.
    public var errors: [String] = []
}

/// What a space type declares: advisory names and the collections of a bare scope.
public struct LexiconSpaceType: Sendable, Hashable {
    public var key: String
    public var name: String
    public var collections: [String]

    public init(key: String, name: String, collections: [String]) {
        self.key = key
        self.name = name
        self.collections = collections
    }
}

/// Names one definition of one document: `nsid#name`, with `main` for the definition that the document is about.
public struct LexiconReference: Hashable, Sendable, CustomStringConvertible {
    public let document: String
    public let name: String

    public init(document: String, name: String = "main") {
        self.document = document
        self.name = name
    }

    /// Reads `nsid`, `nsid#name` or, within `document`, `#name`; nil when a part is empty or not plain ASCII.
    init?(_ text: String, in document: String?) {
        guard text.utf8.count <= Self.maxByteCount else { return nil }
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let base = parts[0].isEmpty ? document : String(parts[0])
        let name = parts.count == 2 ? String(parts[1]) : "main"
        guard let base, !name.isEmpty, !(parts[0].isEmpty && parts.count == 1) else { return nil }
        guard base.utf8.allSatisfy(Self.isPlain), name.utf8.allSatisfy(Self.isPlain) else { return nil }
        self.init(document: base, name: name)
    }

    /// The form in a `$type`: a reference to `main` has no fragment.
    public var description: String { UTF8Bytes.equal(name, "main") ? document : "\(document)#\(name)" }

    private static let maxByteCount = 512

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
