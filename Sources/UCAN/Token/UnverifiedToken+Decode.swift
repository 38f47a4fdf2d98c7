/// Gives the key that a did:web or did:plc signs UCANs with, its document's `#atproto`; nil when it publishes none.
public typealias IssuerKeys = (DID) throws(UCANError) -> PublicKey?

extension UnverifiedToken {
    /// Decodes the value of an `Authorization` header; throws for anything not in one strict form.
    ///
    /// The form is told from the first byte and the presence of `.`, once, and never found by trying decoders in turn.
    /// An optional `Bearer` and the blanks after it are taken off; a CACAO may be padded or not. Without `keys` only
    /// issuers that are keys themselves, or bring them, can be verified.
    @inlinable
    public static func decode(
        authorization: some Collection<UInt8>,
        limits: TokenLimits = .default,
        keys: IssuerKeys = { _ throws(UCANError) in nil }
    ) throws(UCANError) -> UnverifiedToken {
        try decode(header: Array(authorization), limits: limits, keys: keys)
    }

    @usableFromInline
    static func decode(header: [UInt8], limits: TokenLimits, keys: IssuerKeys) throws(UCANError) -> UnverifiedToken {
        let text = withoutBearer(header)
        // Base64 needs four bytes for three; beyond this nothing below could be within the limit.
        guard text.count <= limits.bytes / 3 * 4 + 4 else {
            throw UCANError(.limitExceeded, "the statement is longer than \(limits.bytes) bytes", step: "J.22")
        }
        switch TokenForm(authorization: text) {
        case .jwt: return try JWTDecoder.decode(text, limits: limits, keys: keys)
        case .cacao: return try CACAODecoder.decode(authorization: text, limits: limits)
        case .envelope, .container: throw TokenForm.unsupported
        case .unknown:
            throw UCANError(.malformedAuthorization, "the text is neither a JWT nor a CACAO in base64url", step: "A")
        }
    }

    /// Decodes stored or transported bytes of a known kind: DAG-CBOR, or the ASCII of a JWT.
    public static func decode(
        bytes: [UInt8],
        kind: TokenKind,
        limits: TokenLimits = .default,
        keys: IssuerKeys = { _ throws(UCANError) in nil }
    ) throws(UCANError) -> UnverifiedToken {
        guard bytes.count <= limits.bytes else {
            throw UCANError(.limitExceeded, "the statement is longer than \(limits.bytes) bytes", step: "J.22")
        }
        if TokenForm(bytes: bytes) == .envelope || TokenForm(bytes: bytes) == .container { throw TokenForm.unsupported }
        switch kind {
        case .ucan: return try JWTDecoder.decode(bytes, limits: limits, keys: keys)
        case .cacao: return try CACAODecoder.decode(bytes: bytes, limits: limits)
        }
    }

    /// Takes the scheme off, whose name is case-insensitive, with the one or more spaces after it (RFC 9110 11.1, 11.4).
    private static func withoutBearer(_ text: [UInt8]) -> [UInt8] {
        let scheme: StaticString = "bearer "
        guard text.count >= scheme.utf8CodeUnitCount, let first = text.first, first | 0x20 == UInt8(ascii: "b") else {
            return text
        }
        let isBearer = scheme.withUTF8Buffer { scheme in
            zip(text, scheme).allSatisfy { $0 == $1 || (URISyntax.isLetter($0) && $0 | 0x20 == $1) }
        }
        return isBearer ? Array(text.dropFirst(scheme.utf8CodeUnitCount).drop { $0 == 0x20 }) : text
    }
}
