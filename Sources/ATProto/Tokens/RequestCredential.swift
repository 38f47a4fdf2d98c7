import Multiformats

/// Says what a request presents, by the rules of section 3; nothing is verified, this only chooses the verifier.
public enum RequestCredential: Hashable, Sendable {
    /// How a credential for a space is presented.
    public enum Scheme: String, Hashable, Sendable {
        /// `DPoP`, profile P.
        case proof
        /// `Atproto-Space`, profile N.
        case signature
    }

    case none
    case space(token: String, scheme: Scheme)
    /// An OAuth access token under `DPoP`.
    case oauth(token: String)
    /// Only for getSpaceCredential.
    case delegation(token: String)
    case serviceAuth(token: String)
    /// A UCAN, whose header has `ucv`.
    case invocation(token: String)
    /// A token of profile X: only given where it was asked for.
    case legacy(token: String, LegacyToken.Form)
    /// A session token, or whatever else came as `Bearer`.
    case session(token: String)

    /// Classifies the values of `Authorization`; `legacyHeader` are those of `X-Space-Credential`, and `queryNames` the
    /// parameter names of the URL.
    ///
    /// Throws 401 names: `BadJwt` for two headers, an unknown scheme or a credential in the URL; `BadJwtCnf` for a
    /// credential as `Bearer`, which `acceptingLegacy` lets through when it is bound to no key.
    public static func classify(
        authorization: [String], legacyHeader: [String] = [], queryNames: [String] = [], acceptingLegacy: Bool = false
    ) throws(ATProtoError) -> RequestCredential {
        guard !isCarried(inQuery: queryNames) else {
            throw .badJWT("a credential does not belong into a URL")
        }
        guard authorization.count <= 1, legacyHeader.count <= 1 else {
            throw .badJWT("the request has more than one credential")
        }
        guard let header = authorization.first else {
            guard acceptingLegacy, let token = legacyHeader.first else { return .none }
            return .legacy(token: token, .header)
        }
        let (scheme, token) = split(header)
        switch scheme {
        case "atproto-space": return .space(token: token, scheme: .signature)
        case "dpop":
            let isCredential = Peek(token)?.type.isExactly(SpaceCredential.type) == true
            return isCredential ? .space(token: token, scheme: .proof) : .oauth(token: token)
        case "bearer": return try bearer(token, acceptingLegacy: acceptingLegacy)
        default:
            // A UCAN may come without a scheme.
            if token.isEmpty, Peek(header)?.isUCAN == true { return .invocation(token: header) }
            throw .badJWT("the scheme of `Authorization` is not known")
        }
    }

    /// True where a parameter of the URL is named as one that holds a credential.
    public static func isCarried(inQuery names: [String]) -> Bool {
        names.contains { name in forbiddenNames.contains { $0.isExactly(name) } }
    }

    /// Names under which tokens are put into URLs elsewhere.
    private static let forbiddenNames = ["access_token", "authorization", "credential", "dpop", "space_credential"]

    private static func bearer(_ token: String, acceptingLegacy: Bool) throws(ATProtoError) -> RequestCredential {
        guard let peek = Peek(token) else { return .session(token: token) }
        if peek.type.isExactly(DelegationToken.type) { return .delegation(token: token) }
        if peek.hasMethod { return .serviceAuth(token: token) }
        if peek.type.isExactly(SpaceCredential.type) {
            guard acceptingLegacy, !peek.isBound else {
                throw ATProtoError("BadJwtCnf", "a credential is presented with a proof of its key, not as `Bearer`")
            }
            return .legacy(token: token, .unbound)
        }
        if acceptingLegacy, peek.type.isExactly(LegacyToken.credentialType) {
            return .legacy(token: token, .credential)
        }
        return peek.isUCAN ? .invocation(token: token) : .session(token: token)
    }

    /// Splits at the first blanks; the scheme in lower case, since schemes are compared without case.
    private static func split(_ header: String) -> (scheme: String, token: String) {
        let bytes = header.utf8.drop { $0 == UInt8(ascii: " ") }
        let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
        let token = bytes[scheme.endIndex...].drop { $0 == UInt8(ascii: " ") }
        let lowered = scheme.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return (String(decoding: lowered, as: UTF8.self), String(Substring(token)))
    }

    /// What the parts of a JWT say that nobody has verified.
    private struct Peek {
        let type: String?
        let hasMethod: Bool
        let isBound: Bool
        let isUCAN: Bool

        init?(_ token: String) {
            guard let jws = try? CompactJWS(token) else { return nil }
            type = jws.type
            hasMethod = jws.claims["lxm"] != nil
            isBound = jws.claims["cnf"] != nil
            isUCAN = jws.header["ucv"] != nil
        }
    }
}

/// Holds the header fields of a request that bear on credentials, each with all its values in their order.
public struct PresentedFields: Hashable, Sendable {
    public var authorization: [String]
    /// `Atproto-Space-Audience`.
    public var audience: [String]
    /// `DPoP`.
    public var proof: [String]
    /// `Signature-Input`.
    public var signatureInput: [String]
    /// `Signature`.
    public var signature: [String]

    public init(
        authorization: [String] = [], audience: [String] = [], proof: [String] = [], signatureInput: [String] = [],
        signature: [String] = []
    ) {
        self.authorization = authorization
        self.audience = audience
        self.proof = proof
        self.signatureInput = signatureInput
        self.signature = signature
    }
}
