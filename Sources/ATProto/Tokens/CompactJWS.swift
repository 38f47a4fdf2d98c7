import Multiformats
import UCAN

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
