/// Names a space: authority DID, type NSID and key, canonically `at://{authority}/space/{type}/{skey}` (section 1).
public struct SpaceURI: Hashable, Sendable, CustomStringConvertible {
    public static let maximumLength = 8192

    // All three are proved ASCII at construction, so `==` and hashing of the Strings are those of their bytes.
    public let authority: String
    public let type: String
    public let skey: String

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
        self.authority = authority
        self.type = type
        self.skey = skey
    }

    private static func read(_ text: String, acceptingLegacy: Bool) throws(ATProtoError) -> SpaceURI {
        guard let segments = SpaceURISegments(text, acceptingLegacy: acceptingLegacy), segments.record == nil else {
            throw .invalidRequest("\(ASCIIText.quoted(text)) is no space URI")
        }
        return segments.space
    }

    public var text: String { "at://\(authority)/space/\(type)/\(skey)" }
    public var description: String { text }
}
