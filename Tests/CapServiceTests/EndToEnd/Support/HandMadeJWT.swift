import Multiformats
import UCAN

/// Writes tokens that `TokenMaker` would not, each signed by a real key.
enum HandMadeJWT {
    /// Joins a header and a payload, as text, with the signature of `key` over them.
    static func signed(_ header: JSON, _ payload: JSON, by key: PrivateKey) throws -> String {
        let input = [header, payload].map { Base64URL.encode($0.serialized()) }.joined(separator: ".")
        return input + "." + Base64URL.encode(try key.sign(Array(input.utf8)))
    }

    /// The payload of a token, so that another header may be tried with it.
    static func parts(_ token: UnverifiedToken) throws -> (header: JSON, payload: JSON, signature: String) {
        let parts = token.authorization().split(separator: ".").map(String.init)
        func json(_ text: String) throws -> JSON {
            try JSON.parse(Base64URL.decode(text.utf8, padding: .forbidden) ?? [])
        }
        return (try json(parts[0]), try json(parts[1]), parts[2])
    }
}
