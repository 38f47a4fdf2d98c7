import Multiformats
import UCAN

/// Reads a secret somebody exported elsewhere.
enum KeyImport {
    /// Takes a key file of capq, a private JWK, 64 hex digits or 43 characters of base64url; `kind` is for the last two.
    static func read(_ bytes: [UInt8], kind: KeyKind, path: String) throws(Failure) -> KeyFile {
        let text = trimmed(bytes)
        if text.first == UInt8(ascii: "{") {
            let json: JSON
            do {
                json = try JSON.parse(Array(text))
            } catch {
                throw Failure(.failure, "`\(path)` is not strict JSON: \(error.message)")
            }
            if json["schema"] != nil { return try KeyFile(Array(text), path: path) }
            let key = try Failure.ofTokens { () throws(UCANError) in try PrivateKey(jwk: json) }
            guard let secret = Secret(key.seed),
                let found = KeyKind(curve: key.curve.rawValue, isWallet: kind == .wallet)
            else { throw Failure(.failure, "`\(path)` holds no key of kind `\(kind.rawValue)`") }
            return KeyFile(kind: found, secret: secret)
        }
        let digits = text.starts(with: "0x".utf8) ? text.dropFirst(2) : text
        let raw = digits.count == 64 ? Base16.decode(lowercased(digits)) : Base64URL.decode(digits)
        guard let secret = raw.flatMap({ Secret($0) }) else {
            throw Failure(
                .failure,
                "`\(path)` holds no private key",
                hint: "a private JWK, 64 hex digits or 43 characters of base64url"
            )
        }
        let file = KeyFile(kind: kind, secret: secret)
        _ = try SigningKey(file)
        return file
    }

    static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var text = bytes[...]
        while let last = text.last, last <= 0x20 { text.removeLast() }
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        return text
    }

    static func lowercased(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}
