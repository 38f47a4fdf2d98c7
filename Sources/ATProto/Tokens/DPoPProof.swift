import Multiformats
public import UCAN

/// Holds a verified proof that the sender of a request has a key (RFC 9449, section 4.5).
public struct DPoPProof: Hashable, Sendable {
    public static let type = "dpop+jwt"
    /// Age beyond which a proof is refused, in seconds; the skew comes on top.
    public static let maximumAge: Int64 = 60

    /// The request a proof is for.
    public struct Request: Hashable, Sendable {
        /// As sent, such as `GET`.
        public let method: String
        /// Scheme, host, port and path of the public URL, from configuration and not from the `Host` header.
        public let url: String
        /// The token the request presents, of which the proof holds the hash; nil when one is being obtained.
        public let accessToken: String?

        public init(method: String, url: String, accessToken: String?) {
            self.method = method
            self.url = TargetURI(url)?.text ?? url
            self.accessToken = accessToken
        }
    }

    /// The RFC 7638 thumbprint of the key.
    public let thumbprint: String
    /// Its `jti`.
    public let id: String
    /// Unix seconds.
    public let issuedAt: Int64

    /// Signs a proof; throws `InvalidRequest` unless the key is P-256.
    public static func make(
        for request: Request, key: PrivateKey, at now: Timestamp, id: String = TokenID.random()
    ) throws(ATProtoError) -> String {
        guard key.curve == .p256 else { throw .invalidRequest("a proof is signed with a P-256 key") }
        var claims: [JSONObject.Member] = [
            ("jti", .string(id)), ("htm", .string(request.method)), ("htu", .string(request.url)),
            ("iat", .number(JSONNumber(UnixTime.second(of: now)))),
        ]
        if let token = request.accessToken { claims.append(("ath", .string(hash(token)))) }
        return try JWSMaker.make(type: type, header: [("jwk", publicJWK(key.publicKey))], claims: claims, key: key)
    }

    /// Verifies the values of the `DPoP` header; throws the error names of section 4.5.
    ///
    /// The caller then compares the key (`require`) and, last of all, consumes `use`.
    public static func verify(
        _ headers: [String], for request: Request, at now: Timestamp
    ) throws(ATProtoError) -> DPoPProof {
        guard let text = headers.first else { throw ATProtoError("MissingDpopProof", "the request has no DPoP proof") }
        guard headers.count == 1 else { throw bad("the request has more than one DPoP proof") }
        let (jws, key) = try signed(text)
        let issued = try issueTime(of: jws, at: now)
        guard let id = try? jws.id() else { throw bad("the proof has no `jti`") }
        guard jws.claims["htm"]?.string.isExactly(request.method) == true else {
            throw bad("the proof is for another method")
        }
        guard let url = jws.claims["htu"]?.string.flatMap({ TargetURI($0) }), url.text.isExactly(request.url) else {
            throw bad("the proof is for another URL")
        }
        switch request.accessToken {
        case nil:
            guard jws.claims["ath"] == nil else { throw bad("the proof names a token where none is presented") }
        case .some(let token):
            guard jws.claims["ath"]?.string.isExactly(hash(token)) == true else {
                throw bad("the proof does not name the token presented")
            }
        }
        return DPoPProof(thumbprint: key.thumbprint, id: id, issuedAt: issued)
    }

    /// Throws `DpopKeyMismatch` unless the key is the one a token is bound to.
    public func require(thumbprint wanted: String) throws(ATProtoError) {
        guard thumbprint.isExactly(wanted) else {
            throw ATProtoError("DpopKeyMismatch", "the token is bound to another key")
        }
    }

    /// What to consume once everything else has been verified.
    public var use: TokenUse {
        TokenUse(.proof, issuer: thumbprint, id: id, lastSecond: issuedAt + DPoPProof.maximumAge)
    }

    /// The part of the reference's JWT layer, all of whose failures but age have one name.
    private static func signed(_ text: String) throws(ATProtoError) -> (CompactJWS, PublicKey) {
        do throws(ATProtoError) {
            let jws = try CompactJWS(text)
            try jws.require(type: type)
            guard let jwk = jws.header["jwk"] else { throw .badJWT("the proof shows no key") }
            let key: PublicKey
            do throws(UCANError) {
                key = try PublicKey(jwk: jwk)
            } catch {
                throw .badJWT("the proof's `jwk`: \(error.message)")
            }
            guard key.curve == .p256 else { throw .badJWT("the proof's key is not P-256") }
            try jws.verify(key: key, form: .any)
            return (jws, key)
        } catch {
            throw ATProtoError("BadDpopProofSignature", error.message)
        }
    }

    /// A proof need not have an `exp` or `nbf`; one that has them is held to them (RFC 7519 4.1.4, 4.1.5).
    private static func issueTime(of jws: CompactJWS, at now: Timestamp) throws(ATProtoError) -> Int64 {
        let second = UnixTime.second(of: now)
        do throws(ATProtoError) {
            try jws.requireBegun(at: now)
            if let expiry = try jws.optionalSeconds("exp") { try UnixTime.requireUnexpired(expiry, at: now) }
        } catch {
            throw error.name == "JwtExpired"
                ? ATProtoError("DpopProofExpired", error.message) : ATProtoError("BadDpopProofSignature", error.message)
        }
        guard let issued = try? jws.seconds("iat"), issued <= second + UnixTime.skew else {
            throw ATProtoError("BadDpopProofSignature", "the proof's `iat` is absent or in the future")
        }
        guard issued >= second - maximumAge - UnixTime.skew else {
            throw ATProtoError("DpopProofExpired", "the proof is older than \(maximumAge) seconds")
        }
        return issued
    }

    private static func publicJWK(_ key: PublicKey) -> JSON {
        var object = key.jwk.object ?? JSONObject()
        object["alg"] = nil
        return .object(object)
    }

    /// The `ath` of a token.
    static func hash(_ token: String) -> String { Base64URL.encode(SHA256.hash(Array(token.utf8)).bytes) }

    private static func bad(_ message: String) -> ATProtoError { ATProtoError("BadDpopProof", message) }
}
