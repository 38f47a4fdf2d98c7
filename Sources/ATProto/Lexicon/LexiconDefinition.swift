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
