/// Names a space: authority DID, type NSID and key, canonically `at://{authority}/space/{type}/{skey}` (section 1).
public struct SpaceURI: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 8192

    // All three are proved ASCII at construction, so `==` and hashing of the Strings are those of their bytes.
    public let authority: String
    public let type: String
    public let skey: String
    /// The canonical form: no two spaces have the same.
    public let text: String

    /// Reads the canonical form only; throws `InvalidRequest`, also for a record's URI.
    public init(_ text: String) throws(ATProtoError) {
        self = try SpaceURI.read(text, acceptingLegacy: false)
    }

    /// Reads the canonical form or the older `ats://{authority}/{type}/{skey}`.
    public init(accepting text: String) throws(ATProtoError) {
        self = try SpaceURI.read(text, acceptingLegacy: true)
    }

    /// Puts a space's name together; throws `InvalidRequest` when a part breaks its syntax.
    public init(authority: String, type: String, skey: String) throws(ATProtoError) {
        guard ATProtoDID.isValid(authority), NSID.isValid(type), RecordKey.isValid(skey) else {
            throw .invalidRequest("a space is named by a DID, an NSID and a record key")
        }
        self.init(trusted: authority, type: type, skey: skey)
    }

    init(trusted authority: String, type: String, skey: String) {
        self.init(
            trusted: authority, type: type, skey: skey, text: "at://" + authority + "/space/" + type + "/" + skey)
    }

    /// `text` is the canonical form of the three.
    init(trusted authority: String, type: String, skey: String, text: String) {
        self.authority = authority
        self.type = type
        self.skey = skey
        self.text = text
    }

    private static func read(_ text: String, acceptingLegacy: Bool) throws(ATProtoError) -> SpaceURI {
        guard let segments = SpaceURISegments(text, acceptingLegacy: acceptingLegacy), segments.record == nil else {
            throw .invalidRequest("\(ASCIIText.quoted(text)) is no space URI")
        }
        return segments.space
    }

    public var description: String { text }

    public static func == (left: SpaceURI, right: SpaceURI) -> Bool { left.text == right.text }

    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// Names a record in a space: `{space}/{author}/{collection}/{rkey}` (section 1).
public struct RecordURI: Hashable, Sendable, CustomStringConvertible {
    public let space: SpaceURI
    // All three are proved ASCII at construction, so `==` and hashing of the Strings are those of their bytes.
    public let author: String
    public let collection: String
    public let rkey: String

    /// Reads the canonical form only; throws `InvalidRequest`, also for a space's URI.
    public init(_ text: String) throws(ATProtoError) {
        self = try RecordURI.read(text, acceptingLegacy: false)
    }

    /// Reads the canonical form or the older `ats://{authority}/{type}/{skey}/{author}/{collection}/{rkey}`.
    public init(accepting text: String) throws(ATProtoError) {
        self = try RecordURI.read(text, acceptingLegacy: true)
    }

    /// Puts a record's name together; throws `InvalidRequest` when a part breaks its syntax.
    public init(space: SpaceURI, author: String, collection: String, rkey: String) throws(ATProtoError) {
        guard ATProtoDID.isValid(author), NSID.isValid(collection), RecordKey.isValid(rkey) else {
            throw .invalidRequest("a record is named by its author's DID, a collection NSID and a record key")
        }
        self.init(trusted: space, author: author, collection: collection, rkey: rkey)
    }

    private init(trusted space: SpaceURI, author: String, collection: String, rkey: String) {
        self.space = space
        self.author = author
        self.collection = collection
        self.rkey = rkey
    }

    private static func read(_ text: String, acceptingLegacy: Bool) throws(ATProtoError) -> RecordURI {
        guard let segments = SpaceURISegments(text, acceptingLegacy: acceptingLegacy), let record = segments.record
        else { throw .invalidRequest("\(ASCIIText.quoted(text)) is no URI of a record in a space") }
        return RecordURI(
            trusted: segments.space, author: record.author, collection: record.collection, rkey: record.rkey)
    }

    /// The path in the author's repo: `{collection}/{rkey}`.
    public var path: String { "\(collection)/\(rkey)" }
    public var text: String { "\(space.text)/\(author)/\(path)" }
    public var description: String { text }
}

/// Splits the URI of a space or of a record in one; everything it holds has been checked.
struct SpaceURISegments {
    let space: SpaceURI
    let record: (author: String, collection: String, rkey: String)?

    /// Reads 4 segments (space) or 7 (record); with `acceptingLegacy` also the `ats://` form, which lacks `space`.
    init?(_ text: String, acceptingLegacy: Bool) {
        guard text.utf8.count <= SpaceURI.maximumLength else { return nil }
        let isLegacy = acceptingLegacy && text.utf8.starts(with: "ats://".utf8)
        guard isLegacy || text.utf8.starts(with: "at://".utf8) else { return nil }
        var text = text
        guard let texts = text.withUTF8({ Self.parts(of: $0, isLegacy: isLegacy) }) else { return nil }
        guard texts.count == 6 else {
            // What is canonical is kept as it came.
            space =
                isLegacy
                ? SpaceURI(trusted: texts[0], type: texts[1], skey: texts[2])
                : SpaceURI(trusted: texts[0], type: texts[1], skey: texts[2], text: text)
            record = nil
            return
        }
        space = SpaceURI(trusted: texts[0], type: texts[1], skey: texts[2])
        record = (texts[3], texts[4], texts[5])
    }

    /// The 3 or 6 names in a URI, checked; nil for any other text.
    private static func parts(of bytes: UnsafeBufferPointer<UInt8>, isLegacy: Bool) -> [String]? {
        var parts = bytes.dropFirst(isLegacy ? 6 : 5).split(
            separator: UInt8(ascii: "/"), maxSplits: 8, omittingEmptySubsequences: false)
        if !isLegacy {
            guard parts.count >= 2, parts.remove(at: 1).elementsEqual("space".utf8) else { return nil }
        }
        guard parts.count == 3 || parts.count == 6, ATProtoDID.isValid(parts[0]), NSID.isValid(parts[1]),
            RecordKey.isValid(parts[2])
        else { return nil }
        if parts.count == 6 {
            guard ATProtoDID.isValid(parts[3]), NSID.isValid(parts[4]), RecordKey.isValid(parts[5]) else { return nil }
        }
        // The checks above leave only ASCII.
        return parts.map { String(decoding: $0, as: UTF8.self) }
    }
}
