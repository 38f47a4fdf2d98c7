import Multiformats
public import UCAN

/// Holds a compact JWS whose form has been checked, and nothing else: whoever reads claims here trusts nobody yet.
struct CompactJWS: Sendable {
    /// Longest token that is read, in bytes.
    static let maximumLength = 16 << 10

    let header: JSONObject
    let claims: JSONObject
    let algorithm: String
    let signature: [UInt8]
    /// What the signature is over: the first two segments and the dot between them.
    let signedBytes: [UInt8]

    /// Throws `BadJwt` unless the text is three segments of unpadded base64url, of which the first two are strict JSON
    /// objects; the third may be empty, since `none` is refused by the signature check.
    init(_ text: String) throws(ATProtoError) {
        let bytes = Array(text.utf8.prefix(CompactJWS.maximumLength + 1))
        guard bytes.count <= CompactJWS.maximumLength else {
            throw .badJWT("the token is longer than \(CompactJWS.maximumLength) bytes")
        }
        let segments = bytes.split(separator: UInt8(ascii: "."), maxSplits: 3, omittingEmptySubsequences: false)
        guard segments.count == 3 else { throw .badJWT("the token does not have three segments") }
        header = try CompactJWS.object(segments[0], "header")
        claims = try CompactJWS.object(segments[1], "payload")
        guard let signature = Base64URL.decode(segments[2]) else {
            throw .badJWT("the signature is not unpadded base64url")
        }
        guard let algorithm = header["alg"]?.string else { throw .badJWT("the header names no algorithm in `alg`") }
        if let name = JOSEHeader.refusedMember(of: header) {
            throw .badJWT("the header's `\(name)` changes what is signed, or demands what is not understood")
        }
        self.algorithm = algorithm
        self.signature = signature
        signedBytes = Array(bytes[..<segments[1].endIndex])
    }

    private static func object(_ segment: ArraySlice<UInt8>, _ name: String) throws(ATProtoError) -> JSONObject {
        guard let bytes = Base64URL.decode(segment) else { throw .badJWT("the \(name) is not unpadded base64url") }
        let limits = JSONLimits(maxBytes: maximumLength, maxDepth: 8, maxMembers: 1024)
        guard let object = (try? JSON.parse(bytes, limits: limits))?.object else {
            throw .badJWT("the \(name) is no strict JSON object")
        }
        return object
    }

    var type: String? { header["typ"]?.string }

    /// Throws `BadJwtType`.
    func require(type wanted: String) throws(ATProtoError) {
        guard type.isExactly(wanted) else { throw ATProtoError("BadJwtType", "the token's `typ` is not `\(wanted)`") }
    }

    /// Throws `BadJwtSignature` unless `alg` is that of the key and the signature is the key's.
    func verify(key: PublicKey, form: TokenSignature.Form) throws(ATProtoError) {
        guard key.curve != .ed25519 || form == .any, key.curve.isAlgorithm(algorithm),
            TokenSignature.isSound(signature, over: signedBytes, by: key, form: form)
        else { throw ATProtoError("BadJwtSignature", "the signature is not that of the issuer's key") }
    }
}

/// Longest `jti` that is taken, in bytes.
private let maximumIDLength = 128

extension CompactJWS {
    /// Reads a claim that is text; throws `name` when it is absent, empty or of another type.
    func text(_ claim: String, orThrow name: String) throws(ATProtoError) -> String {
        guard let text = claims[claim]?.string, !text.isEmpty else {
            throw ATProtoError(name, "the token has no text in `\(claim)`")
        }
        return text
    }

    /// Reads a claim that is a NumericDate (RFC 7519 2), down to the whole second; throws `BadJwt`.
    func seconds(_ claim: String) throws(ATProtoError) -> Int64 {
        guard let seconds = try optionalSeconds(claim) else { throw .badJWT("the token has no time in `\(claim)`") }
        return seconds
    }

    func optionalSeconds(
        _ claim: String, rounding: JSONNumber.Rounding = .down
    ) throws(ATProtoError) -> Int64? {
        guard let value = claims[claim] else { return nil }
        guard let seconds = value.number?.decimal(scale: 0, rounding: rounding),
            seconds.magnitude <= UnixTime.bound.magnitude
        else { throw .badJWT("the token's `\(claim)` is no time in seconds") }
        return seconds
    }

    /// Throws `BadJwt` for a token that says it is not good yet (RFC 7519 4.1.5), whatever kind it is of.
    func requireBegun(at now: Timestamp) throws(ATProtoError) {
        guard let start = try optionalSeconds("nbf", rounding: .up) else { return }
        guard start <= UnixTime.second(of: now) + UnixTime.skew else { throw .badJWT("the token is not yet valid") }
    }

    /// Reads `iat` and `exp`; throws `BadJwt`. That they are in order is for `UnixTime.requireOrder`, once both are known
    /// to be good now.
    func times() throws(ATProtoError) -> (issued: Int64, expiry: Int64) {
        (try seconds("iat"), try seconds("exp"))
    }

    /// Reads `jti`: 1 to 128 bytes; throws `BadJwt`.
    func id() throws(ATProtoError) -> String {
        let id = try text("jti", orThrow: "BadJwt")
        guard id.utf8.count <= maximumIDLength else { throw .badJWT("the token's `jti` is too long") }
        return id
    }

    /// Reads `iss`; throws `BadJwtIss` unless it is a DID.
    func issuerDID() throws(ATProtoError) -> String {
        let issuer = try text("iss", orThrow: "BadJwtIss")
        guard ATProtoDID.isValid(issuer) else { throw ATProtoError("BadJwtIss", "the token's `iss` is no DID") }
        return issuer
    }

    /// Reads `sub`; throws `BadJwtSub` unless it is the canonical URI of a space.
    func spaceSubject() throws(ATProtoError) -> SpaceURI {
        let subject = try text("sub", orThrow: "BadJwtSub")
        guard let space = try? SpaceURI(subject) else {
            throw ATProtoError("BadJwtSub", "the token's `sub` is no space")
        }
        return space
    }

    /// Reads `kid`: one of the two keys of section 2; throws `BadJwt`.
    func spaceKeyID() throws(ATProtoError) -> String {
        guard let id = header["kid"]?.string, id.isExactly(KeyID.account) || id.isExactly(KeyID.space) else {
            throw .badJWT("the header's `kid` is neither `\(KeyID.account)` nor `\(KeyID.space)`")
        }
        return id
    }
}

/// Reads and compares the whole Unix seconds of tokens (section 4).
public enum UnixTime {
    /// How far the clocks of two hosts may be apart, in seconds.
    public static let skew: Int64 = 5

    /// Seconds beyond which no time of a token is read, either way.
    static let bound: Int64 = 1 << 53

    /// The second an instant lies in.
    public static func second(of now: Timestamp) -> Int64 {
        let (quotient, remainder) = now.microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        return remainder < 0 ? quotient - 1 : quotient
    }

    /// Throws `JwtExpired` from `skew` seconds after the expiry on.
    static func requireUnexpired(_ expiry: Int64, at now: Timestamp) throws(ATProtoError) {
        guard second(of: now) - skew < expiry else { throw ATProtoError("JwtExpired", "the token has expired") }
    }

    /// Throws `BadJwt` for a token that expires no later than it was issued: it was never good.
    static func requireOrder(_ issued: Int64, _ expiry: Int64) throws(ATProtoError) {
        guard issued < expiry else { throw .badJWT("the token's `exp` is not after its `iat`") }
    }

    /// Throws `BadJwt` for a time of issue more than `skew` seconds ahead.
    static func requireIssued(_ issued: Int64, at now: Timestamp) throws(ATProtoError) {
        guard issued <= second(of: now) + skew else { throw .badJWT("the token was issued in the future") }
    }
}

extension ATProtoError {
    /// The structural error of section 4.
    static func badJWT(_ message: String) -> ATProtoError { ATProtoError("BadJwt", message) }
}

/// Writes compact JWS.
enum JWSMaker {
    /// Signs with a key, in the low form; `alg` stands after `typ`. Throws `InternalServerError`.
    static func make(
        type: String, keyID: String? = nil, header more: [JSONObject.Member] = [], claims: [JSONObject.Member],
        key: PrivateKey
    ) throws(ATProtoError) -> String {
        let named: [JSONObject.Member] = keyID.map { [("kid", .string($0))] } ?? []
        let input = signingInput(
            header: [("typ", .string(type)), ("alg", .string(key.curve.algorithm))] + named + more, claims: claims)
        return input + "." + Base64URL.encode(try TokenSignature.make(Array(input.utf8), by: key))
    }

    /// Signs with a secret, as HS256.
    static func make(type: String, claims: [JSONObject.Member], secret: [UInt8]) -> String {
        let input = signingInput(header: [("typ", .string(type)), ("alg", "HS256")], claims: claims)
        return input + "." + Base64URL.encode(HMACSHA256.code(of: Array(input.utf8), key: secret))
    }

    private static func signingInput(header: [JSONObject.Member], claims: [JSONObject.Member]) -> String {
        Base64URL.encode(text(header)) + "." + Base64URL.encode(text(claims))
    }

    private static func text(_ members: [JSONObject.Member]) -> [UInt8] {
        // The names are literals and differ.
        JSON.object(JSONObject(members) ?? JSONObject()).serialized()
    }
}

/// Makes the `jti` of tokens.
public enum TokenID {
    /// Gives 16 unpredictable bytes in lower-case hexadecimal.
    public static func random() -> String {
        var generator = SystemRandomNumberGenerator()
        return Base16.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
