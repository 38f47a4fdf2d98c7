/// Holds the checked fields of a Sign-In with Ethereum message (ERC-4361) and prints its exact text.
///
/// Every field is checked before text is built, which is what makes the text unambiguous: no field can hold a line
/// break and so pose as the next line (spec/ucan.md C.2, J.7). Timestamps keep their original text.
public struct SIWE: Sendable, Hashable {
    public let scheme: String?
    public let domain: String
    public let address: EthereumAddress
    public let statement: String?
    /// The `URI` line: for a delegation the DID URL of the audience.
    public let uri: String
    public let chainID: UInt64
    public let nonce: String
    public let issuedAt: String
    public let expirationTime: String?
    public let notBefore: String?
    public let requestID: String?
    /// Nil prints no `Resources:` line; an empty list prints the line alone.
    public let resources: [String]?

    /// Checks every field; throws `malformedMessage` or `malformedTime`.
    public init(
        scheme: String? = nil,
        domain: String,
        address: EthereumAddress,
        statement: String? = nil,
        uri: String,
        chainID: UInt64 = 1,
        nonce: String,
        issuedAt: String,
        expirationTime: String? = nil,
        notBefore: String? = nil,
        requestID: String? = nil,
        resources: [String]? = nil
    ) throws(UCANError) {
        self.scheme = scheme
        self.domain = domain
        self.address = address
        self.statement = statement
        self.uri = uri
        self.chainID = chainID
        self.nonce = nonce
        self.issuedAt = issuedAt
        self.expirationTime = expirationTime
        self.notBefore = notBefore
        self.requestID = requestID
        self.resources = resources
        try check()
    }

    private func check() throws(UCANError) {
        if let scheme { try require(URISyntax.isScheme(scheme.utf8), "scheme", scheme) }
        try require(!domain.isEmpty && URISyntax.isAuthority(domain.utf8), "domain", domain)
        if let statement { try require(SIWE.isStatement(statement.utf8), "statement", statement) }
        try require(URISyntax.isURI(uri), "URI", uri)
        try require(chainID > 0, "chain id", "\(chainID)")
        try require(
            nonce.utf8.count >= 8 && nonce.utf8.allSatisfy { URISyntax.isLetter($0) || URISyntax.isDigit($0) },
            "nonce",
            nonce
        )
        _ = try Timestamp.parse(issuedAt)
        if let expirationTime { _ = try Timestamp.parse(expirationTime) }
        if let notBefore { _ = try Timestamp.parse(notBefore) }
        if let requestID { try require(URISyntax.isSegment(requestID.utf8), "request id", requestID) }
        for resource in resources ?? [] { try require(URISyntax.isURI(resource), "resource", resource) }
    }

    private func require(_ sound: Bool, _ field: String, _ text: String) throws(UCANError) {
        guard sound else {
            throw UCANError(
                .malformedMessage, "the message's \(field) is malformed: \(UCANError.quoted(text))", step: "C.2")
        }
    }

    /// ERC-4361's ASCII alphabet of reserved, unreserved and space, and `%`.
    ///
    /// The percent sign is not in the ABNF, but a ReCap statement quotes resource URIs, which may be escaped.
    static func isStatement(_ text: some Collection<UInt8>) -> Bool {
        text.allSatisfy { byte in
            URISyntax.isUnreserved(byte) || URISyntax.isSubDelim(byte) || URISyntax.isGenDelim(byte)
                || byte == UInt8(ascii: " ") || byte == UInt8(ascii: "%")
        }
    }

    /// The signed text: lines joined with a single LF, without a trailing one.
    public var text: String {
        var text = ""
        if let scheme { text += scheme + "://" }
        text += domain + SIWE.invitation + "\n\(address)\n\n"
        if let statement { text += statement + "\n" }
        text += "\nURI: \(uri)\nVersion: 1\nChain ID: \(chainID)\nNonce: \(nonce)\nIssued At: \(issuedAt)"
        if let expirationTime { text += "\nExpiration Time: " + expirationTime }
        if let notBefore { text += "\nNot Before: " + notBefore }
        if let requestID { text += "\nRequest ID: " + requestID }
        if let resources {
            text += "\nResources:"
            for resource in resources { text += "\n- " + resource }
        }
        return text
    }

    static let invitation = " wants you to sign in with your Ethereum account:"

    /// Expiry, rounded down to the microsecond so that the window never widens.
    public var expires: Timestamp? {
        get throws(UCANError) { try SIWE.timestamp(expirationTime, rounding: .down) }
    }

    /// Start of the window, rounded up.
    public var validFrom: Timestamp? {
        get throws(UCANError) { try SIWE.timestamp(notBefore, rounding: .up) }
    }

    private static func timestamp(_ text: String?, rounding: Timestamp.Rounding) throws(UCANError) -> Timestamp? {
        guard let text else { return nil }
        return try Timestamp.parse(text, rounding: rounding)
    }
}
