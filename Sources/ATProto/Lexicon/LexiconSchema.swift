import Multiformats

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

/// A syntax that a string must have.
public enum LexiconFormat: String, Sendable, Hashable, CaseIterable {
    case atIdentifier = "at-identifier"
    case atURI = "at-uri"
    case cid
    case datetime
    case did
    case handle
    case language
    case nsid
    case recordKey = "record-key"
    /// The URI of a space, not of a record in it (atproto-spaces.md 1).
    case spaceReference = "space-ref"
    case tid
    case uri

    /// What the format is called in a refusal.
    var noun: String {
        switch self {
        case .atIdentifier: "a DID or handle"
        case .atURI: "an AT URI"
        case .cid: "a CID"
        case .datetime: "a datetime"
        case .did: "a DID"
        case .handle: "a handle"
        case .language: "a language tag"
        case .nsid: "an NSID"
        case .recordKey: "a record key"
        case .spaceReference: "the URI of a space"
        case .tid: "a TID"
        case .uri: "a URI"
        }
    }

    /// Tests the text; URIs of spaces and of their records are AT URIs too.
    public func accepts(_ text: String) -> Bool {
        switch self {
        case .atIdentifier: ATIdentifier.isWellFormed(text)
        case .atURI: ATURI.isValid(text) || (try? SpaceURI(text)) != nil || (try? RecordURI(text)) != nil
        case .cid: (try? CID(text: text.utf8)) != nil
        case .datetime: Datetime.isValid(text)
        case .did: ATProtoDID.isWellFormed(text)
        case .handle: Handle.isValid(text)
        case .language: Language.isWellFormed(text)
        case .nsid: NSID.isValid(text)
        case .recordKey: RecordKey.isValid(text)
        case .spaceReference: (try? SpaceURI(text)) != nil
        case .tid: TID.isValid(text)
        case .uri: Self.isURI(text)
        }
    }

    /// A scheme of letters, digits, `+`, `-` and `.`, a colon, then no blank or control byte; at most 8192 bytes.
    private static func isURI(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= 8192, let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let scheme = bytes[..<colon]
        guard let first = scheme.first, scheme.count <= 80, (0x61...0x7A).contains(first | 0x20) else { return false }
        let isScheme = scheme.allSatisfy { byte in
            (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte) || "+-.".utf8.contains(byte)
        }
        let rest = bytes[colon...].dropFirst()
        return isScheme && !rest.isEmpty && rest.allSatisfy { $0 > 0x20 && $0 != 0x7F }
    }
}
