/// Holds the canonical text of a decentralized identifier, without fragment; equality is that of its bytes.
///
/// The text is ASCII, at most 2048 bytes. `did:pkh:eip155` accounts are rewritten to EIP-55 casing on the way in, every
/// other method is kept as given (spec/tinycloud.md 1.2). A did:key that does not decode is a DID that cannot sign.
public struct DID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Says which family a DID belongs to; `key` only for keys this module can verify with.
    public enum Kind: Hashable, Sendable {
        case key(Curve)
        case pkh
        case web
        case plc
        case other
    }

    public static let maximumLength = 2048

    // Proved ASCII at construction, so `==`, `<` and hashing of the String are those of its bytes.
    public let text: String

    /// Checks and canonicalises; a fragment, path or query is refused with `malformedDID`.
    public init(_ text: String) throws(UCANError) {
        self.text = try DIDSyntax.canonical(text)
    }

    /// Wraps text that was composed, or checked before, in canonical form.
    package init(trusted text: String) { self.text = text }

    /// Splits a DID URL at its first `#`: the principal in canonical form, and the fragment as given.
    public static func principal(ofURL url: String) throws(UCANError) -> (DID, fragment: String?) {
        guard let mark = url.utf8.firstIndex(of: UInt8(ascii: "#")) else { return (try DID(url), nil) }
        let fragment = String(url[url.index(after: mark)...])
        guard fragment.utf8.count <= maximumLength, URISyntax.isFragment(fragment.utf8) else {
            throw UCANError(.malformedDID, "the fragment of \(UCANError.quoted(url)) is malformed", step: "1.2")
        }
        return (try DID(String(url[..<mark])), fragment)
    }

    public var kind: Kind {
        if text.hasPrefix("did:key:") {
            guard let key = try? PublicKey(did: self) else { return .other }
            return .key(key.curve)
        }
        if text.hasPrefix("did:pkh:") { return .pkh }
        if text.hasPrefix("did:web:") { return .web }
        if text.hasPrefix("did:plc:") { return .plc }
        return .other
    }

    /// True for did:web and did:plc, whose keys stand in a document that has to be fetched.
    public var isResolvable: Bool { text.hasPrefix("did:web:") || text.hasPrefix("did:plc:") }

    /// The method-specific identifier: what follows `did:<method>:`.
    public var identifier: String {
        guard let colon = text.utf8.dropFirst(4).firstIndex(of: UInt8(ascii: ":")) else { return "" }
        return String(text[text.index(after: colon)...])
    }

    public var description: String { text }

    public static func < (left: DID, right: DID) -> Bool { left.text < right.text }
}
