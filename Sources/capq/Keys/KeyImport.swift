import Multiformats
import UCAN

/// Reads a secret somebody exported elsewhere.
enum KeyImport {
    /// Takes a key file of capq, a private JWK, 64 hex digits or 43 characters of base64url; `kind` is for the last two.
    static func read(_ bytes: [UInt8], kind: KeyKind, path: String) throws(CommandError) -> KeyFile {
        let text = trimmed(bytes)
        if text.first == UInt8(ascii: "{") {
            let json: JSON
            do {
                json = try JSON.parse(Array(text))
            } catch {
                throw CommandError(.failure, "`\(path)` is not strict JSON: \(error.message)")
            }
            if json["schema"] != nil { return try KeyFile(Array(text), path: path) }
            let key = try CommandError.ofTokens { () throws(UCANError) in try PrivateKey(jwk: json) }
            guard let secret = Secret(key.seed),
                let found = KeyKind(curve: key.curve.rawValue, isWallet: kind == .wallet)
            else { throw CommandError(.failure, "`\(path)` holds no key of kind `\(kind.rawValue)`") }
            return KeyFile(kind: found, secret: secret)
        }
        let digits = text.starts(with: "0x".utf8) ? text.dropFirst(2) : text
        let raw = digits.count == 64 ? Base16.decode(lowercased(digits)) : Base64URL.decode(digits)
        guard let secret = raw.flatMap({ Secret($0) }) else {
            throw CommandError(
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
        var text = UTF8Bytes.withoutMark(bytes)
        while let last = text.last, last <= 0x20 { text.removeLast() }
        while let first = text.first, first <= 0x20 { text.removeFirst() }
        return text
    }

    static func lowercased(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }
}

/// Names the kinds of keys capq keeps.
enum KeyKind: String, CaseIterable, Sendable {
    case ed25519
    case p256
    case secp256k1
    /// A secp256k1 key that signs as an Ethereum account.
    case wallet

    /// Names the curve as the key file writes it.
    var curve: String { self == .wallet ? "secp256k1" : rawValue }

    /// Finds the kind from the members of a key file.
    init?(curve: String, isWallet: Bool) {
        guard
            let kind = KeyKind.allCases.first(where: { $0.curve.hasSameBytes(as: curve) && ($0 == .wallet) == isWallet }
            )
        else { return nil }
        self = kind
    }
}
