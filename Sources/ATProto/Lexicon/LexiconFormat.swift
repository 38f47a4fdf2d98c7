import Multiformats

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
        case .atIdentifier: ATIdentifier.isValid(text)
        case .atURI: ATURI.isValid(text) || (try? SpaceURI(text)) != nil || (try? RecordURI(text)) != nil
        case .cid: (try? CID(text: text.utf8)) != nil
        case .datetime: Datetime.isValid(text)
        case .did: ATProtoDID.isValid(text)
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
