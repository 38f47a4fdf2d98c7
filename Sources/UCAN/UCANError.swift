/// Says why a statement, key or identifier was refused; two errors are equal when their codes are.
public struct UCANError: Error, Equatable, Sendable {
    /// Names every refusal this module can give; the raw values are stable.
    public enum Code: String, Sendable, CaseIterable {
        /// A size or count is above its limit (spec/ucan.md J.22).
        case limitExceeded
        /// The text has the form of a token version that is not supported (spec/ucan.md A).
        case unsupportedVersion
        /// The text is neither three JWT segments nor base64url of a CACAO.
        case malformedAuthorization
        case malformedEncoding
        case malformedJSON
        case malformedCBOR
        case malformedHeader
        case malformedPayload
        case malformedCACAO
        case malformedMessage
        case malformedReCap
        case malformedCapabilities
        case malformedAbility
        case malformedResource
        case malformedDID
        case malformedCID
        case malformedTime
        case malformedKey
        /// A public key stands where its private half can be read as well.
        case privateKeyShown
        case malformedSignature
        /// The window between not-before and expiry holds no instant.
        case emptyWindow
        /// `alg` is not the algorithm of the issuer's key type (spec/ucan.md J.4).
        case algorithmMismatch
        /// A key beside the signature (JWK, fragment) is not the issuer's key.
        case keyMismatch
        /// The issuer's DID names no key this module verifies with.
        case unsupportedKey
        /// The message's statement does not end with the text its ReCap demands (spec/ucan.md J.8).
        case statementMismatch
        case badSignature
        /// The statement is not of the kind its route needs (spec/ucan.md J.3).
        case wrongKind
        /// The cryptographic library failed for a reason that is not the input's.
        case cryptoFailure
    }

    public let code: Code
    /// One lower-case sentence with user input in backticks.
    public let message: String
    /// The validation step that refused, such as `B.1` of spec/ucan.md, where one applies.
    public let step: String?

    public init(_ code: Code, _ message: String, step: String? = nil) {
        self.code = code
        self.message = message
        self.step = step
    }

    public static func == (left: UCANError, right: UCANError) -> Bool { left.code == right.code }
}

extension UCANError: CustomStringConvertible {
    public var description: String { message }
}

extension UCANError {
    /// Quotes untrusted text for a message: at most 80 bytes, control and non-ASCII bytes shown as `?`.
    static func quoted(_ text: some Collection<UInt8>) -> String {
        var shown = "`"
        for byte in text.prefix(80) {
            shown.unicodeScalars.append(byte >= 0x20 && byte < 0x7F ? Unicode.Scalar(byte) : "?")
        }
        if text.count > 80 { shown += "..." }
        return shown + "`"
    }

    static func quoted(_ text: String) -> String { quoted(text.utf8) }
}
