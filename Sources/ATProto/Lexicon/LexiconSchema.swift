/// Says what one JSON value of the atproto data model must look like.
public indirect enum LexiconSchema: Sendable, Hashable {
    case boolean(const: Bool?)
    case integer(LexiconInteger)
    case string(LexiconString)
    /// `{"$bytes": …}`, its length counted in bytes.
    case bytes(LexiconRange)
    /// `{"$link": …}`.
    case cidLink
    case blob(LexiconBlob)
    /// The length is counted in items.
    case array(items: LexiconSchema, length: LexiconRange)
    case object(LexiconObject)
    /// A closed union takes only the named definitions; an open one takes any object with a `$type`.
    case union([LexiconReference], closed: Bool)
    case reference(LexiconReference)
    /// A name without content; a value that is one is the text of its reference.
    case token
    /// Any object that is not a link, bytes or a blob.
    case unknown
}

/// Bounds an integer or a count; nil is no bound.
public struct LexiconRange: Sendable, Hashable {
    public var least: Int64?
    public var most: Int64?

    public init(least: Int64? = nil, most: Int64? = nil) {
        self.least = least
        self.most = most
    }

    func contains(_ value: Int64) -> Bool {
        least.map { value >= $0 } ?? true && most.map { value <= $0 } ?? true
    }
}

public struct LexiconInteger: Sendable, Hashable {
    public var range = LexiconRange()
    /// The only values taken, when not empty; a `const` is an enumeration of one.
    public var allowed: [Int64] = []
}

public struct LexiconString: Sendable, Hashable {
    public var format: LexiconFormat?
    /// Counted in UTF-8 bytes.
    public var length = LexiconRange()
    public var graphemes = LexiconRange()
    /// The only values taken, when not empty; a `const` is an enumeration of one. `knownValues` bind nobody.
    public var allowed: [String] = []
}

public struct LexiconBlob: Sendable, Hashable {
    /// MIME types as `image/png`, `image/*` or `*/*`; empty takes all.
    public var accepted: [String] = []
    /// Counted in bytes.
    public var maxSize: Int64?
}

/// An object, or the parameters of a query; members that it does not name are allowed.
public struct LexiconObject: Sendable, Hashable {
    public struct Property: Sendable, Hashable {
        public let name: String
        public let schema: LexiconSchema
        public let isRequired: Bool
        public let isNullable: Bool
    }

    public var properties: [Property] = []
}
