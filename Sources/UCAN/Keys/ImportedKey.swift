import COpenSSL
import CSecp256k1
import Multiformats

/// Holds one key in the form its library verifies with.
///
/// Proof of safety for `@unchecked Sendable`: the fields never change after `init`; an EVP_PKEY is only read by
/// verification, and libcrypto guards its reference count and exported copies with atomics and its own lock.
final class ImportedKey: @unchecked Sendable {
    enum Form {
        case ed25519(OpaquePointer)
        case p256(OpaquePointer)
        case secp256k1(secp256k1_pubkey)
    }

    let key: Form
    /// The y coordinate of a point; nil for Ed25519.
    let y: Digest?

    // Importing a P-256 key costs half of a verification, so imported keys are remembered.
    private static let cache = BoundedCache<PublicKey, ImportedKey>(generation: 4096)

    /// Returns the imported form, or nil when the bytes are no acceptable key; nothing is remembered for those.
    ///
    /// Who knows `y` gives it: a P-256 key is imported without looking for a square root then, and one with another `y`
    /// is no acceptable key.
    static func of(_ source: PublicKey, y: Digest? = nil) -> ImportedKey? {
        if let known = cache[source] { return y == nil || known.y == y ? known : nil }
        guard let made = ImportedKey(source, y) else { return nil }
        cache.insert(made, for: source)
        return made
    }

    private init?(_ source: PublicKey, _ y: Digest?) {
        let point = y.map { [4] + source.body.bytes + $0.bytes }
        switch source.curve {
        case .ed25519:
            guard let key = Ed25519.importPublic(source.bytes) else { return nil }
            self.key = .ed25519(key)
            self.y = nil
        case .p256:
            guard let point = point ?? P256.uncompressed(source.bytes), let key = P256.importPublic(point) else {
                return nil
            }
            self.key = .p256(key)
            self.y = Digest(point.suffix(32))
        case .secp256k1:
            guard let key = Secp256k1.parse(point ?? source.bytes) else { return nil }
            self.key = .secp256k1(key)
            self.y = Digest(Secp256k1.serialize(key, compressed: false).suffix(32))
        }
    }

    deinit {
        switch key {
        case .ed25519(let key), .p256(let key): EVP_PKEY_free(key)
        case .secp256k1: break
        }
    }
}
