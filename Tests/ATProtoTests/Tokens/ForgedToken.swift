import ATProto
import Multiformats
import UCAN

/// Signs whatever header and claims a test wants, so that only the wanted fault is in the token.
enum ForgedToken {
    static func make(header: JSON, claims: JSON, key: PrivateKey) throws -> String {
        let input = Base64URL.encode(header.serialized()) + "." + Base64URL.encode(claims.serialized())
        return input + "." + Base64URL.encode(try TokenSignature.make(Array(input.utf8), by: key))
    }

    /// Replaces members of an object; a null takes a member away.
    static func changing(_ json: JSON, _ changes: [String: JSON]) -> JSON {
        var object = json.object ?? JSONObject()
        for (name, value) in changes { object[name] = value.isNull ? nil : value }
        return .object(object)
    }

    /// The header and claims of a token.
    static func parts(of token: String) throws -> (header: JSON, claims: JSON) {
        let parts = token.split(separator: ".").map { Base64URL.decode($0.utf8) ?? [] }
        return (try JSON.parse(parts[0]), try JSON.parse(parts[1]))
    }
}
