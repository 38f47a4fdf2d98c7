import Multiformats
import UCAN

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
