/// What a request shows to prove who makes it, told apart by scheme alone (atproto-spaces.md 3).
enum PresentedCredential: Hashable, Sendable {
    case none
    /// `Bearer <token>`.
    case bearer(String)
    /// `DPoP <token>`.
    case dpop(String)
    /// `Atproto-Space <token>`.
    case space(String)
    /// A token without a scheme, or of a scheme of UCAN invocations.
    case bare(String)
    /// `X-Space-Credential: <token>` without `Authorization` (profile X).
    case legacy(String)

    private static let queryNames = ["access_token", "token", "credential", "authorization"]
    /// Longest value that is looked at, in bytes.
    private static let maximumLength = 64 * 1024

    /// Throws `AuthMissing` (401) for two headers, a header that is no token, and a token in the query string.
    init(_ request: HTTPRequest) throws(XRPCError) {
        let headers = request.headers.values("Authorization")
        let legacy = request.headers.values("X-Space-Credential")
        guard headers.count <= 1, legacy.count <= 1 else {
            throw XRPCError("AuthMissing", "the request carries more than one credential")
        }
        if let query = request.query,
            query.items.contains(where: { item in
                Self.queryNames.contains { $0.utf8.elementsEqual(item.name.utf8) } && Self.isToken(item.value)
            })
        {
            throw XRPCError("AuthMissing", "a credential does not belong in the query string")
        }
        guard let header = headers.first else {
            guard let value = legacy.first else {
                self = .none
                return
            }
            self = .legacy(try Self.token(value))
            return
        }
        let words = header.split(whereSeparator: ASCII.isBlank)
        switch words.count {
        case 1: self = .bare(try Self.token(words[0]))
        case 2:
            let token = try Self.token(words[1])
            if ASCII.equalIgnoringCase(words[0], "bearer".utf8) {
                self = .bearer(token)
            } else if ASCII.equalIgnoringCase(words[0], "dpop".utf8) {
                self = .dpop(token)
            } else if ASCII.equalIgnoringCase(words[0], "atproto-space".utf8) {
                self = .space(token)
            } else if ["ucan", "at://"].contains(where: { ASCII.equalIgnoringCase(words[0], $0.utf8) }) {
                self = .bare(token)
            } else {
                throw XRPCError("AuthMissing", "the scheme of `Authorization` is not known here")
            }
        default: throw XRPCError("AuthMissing", "`Authorization` does not hold one token")
        }
    }

    private static func token(_ bytes: ArraySlice<UInt8>) throws(XRPCError) -> String {
        guard !bytes.isEmpty, bytes.count <= maximumLength, bytes.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw XRPCError("AuthMissing", "`Authorization` does not hold one token")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Three parts joined by dots: what a query string must not carry.
    private static func isToken(_ text: String) -> Bool {
        text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).count == 3
    }
}
