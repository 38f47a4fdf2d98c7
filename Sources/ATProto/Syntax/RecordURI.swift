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
