/// Holds the canonical text of a decentralized identifier, without fragment; equality is that of its bytes.
///
/// The text is ASCII, at most 2048 bytes. `did:pkh:eip155` accounts are rewritten to EIP-55 casing on the way in, every
/// other method is kept as given (spec/tinycloud.md 1.2). Where the text can be told to be mistyped it is refused: an account
/// of mixed case whose EIP-55 checksum is wrong, and a did:key that is not the one spelling of a key. Nobody could ever act
/// as such a principal, or somebody else could.
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

    /// Checks and canonicalises; a fragment, path or query is refused with `malformedDID`, as is what was mistyped.
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

/// Checks the syntax of DIDs and gives them their one canonical text.
enum DIDSyntax {
    // Casing an account costs a Keccak-256, and few accounts own most of what is named. The texts are at most
    // `DID.maximumLength` bytes long, which bounds the memory.
    private static let accounts = BoundedCache<[UInt8], String>(generation: 1024)

    static func canonical(_ text: String) throws(UCANError) -> String {
        guard text.utf8.starts(with: EthereumAccount.prefix), text.utf8.count <= DID.maximumLength else {
            return try checked(text)
        }
        let bytes = Array(text.utf8)
        if let known = accounts[bytes] { return known }
        let canonical = try checked(text)
        accounts.insert(canonical, for: bytes)
        return canonical
    }

    private static func checked(_ text: String) throws(UCANError) -> String {
        var text = text
        let account = text.withUTF8 { bytes -> Result<EthereumAccount?, UCANError> in
            guard bytes.count <= DID.maximumLength else {
                return .failure(
                    UCANError(.malformedDID, "a DID is longer than \(DID.maximumLength) bytes", step: "1.2"))
            }
            guard isDID(bytes) else {
                return .failure(UCANError(.malformedDID, "\(UCANError.quoted(bytes)) is no DID", step: "1.2"))
            }
            guard bytes.starts(with: EthereumAccount.prefix) else { return .success(nil) }
            return Result { () throws(UCANError) in try EthereumAccount(bytes) }
        }
        if let account = try account.get() { return account.text }
        if text.utf8.starts(with: DIDKey.methodPrefix) { try DIDKey.check(DID(trusted: text)) }
        return text
    }

    /// `did:` method `:` identifier, the identifier of idchars with no empty last segment (DID Core 3.1).
    static func isDID(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count > 4, bytes.starts(with: "did:".utf8) else { return false }
        var index = 4
        while index < bytes.count, isMethodCharacter(bytes[index]) { index += 1 }
        guard index > 4, index + 1 < bytes.count, bytes[index] == UInt8(ascii: ":") else { return false }
        index += 1
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < bytes.count, URISyntax.isHexDigit(bytes[index + 1]),
                    URISyntax.isHexDigit(bytes[index + 2])
                else { return false }
                index += 3
            } else {
                guard isIdentifierCharacter(byte) else { return false }
                index += 1
            }
        }
        return bytes[bytes.count - 1] != UInt8(ascii: ":")
    }

    private static func isMethodCharacter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
    }

    private static func isIdentifierCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x5A, 0x61...0x7A: true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }
}
