import COpenSSL
import CSecp256k1

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

    // Importing a P-256 key costs half of a verification, so imported keys are remembered.
    private static let cache = BoundedCache<PublicKey, ImportedKey>(generation: 4096)

    /// Returns the imported form, or nil when the bytes are no acceptable key; nothing is remembered for those.
    static func of(_ source: PublicKey) -> ImportedKey? {
        if let known = cache[source] { return known }
        guard let made = ImportedKey(source) else { return nil }
        cache.insert(made, for: source)
        return made
    }

    init?(_ source: PublicKey) {
        switch source.curve {
        case .ed25519:
            guard let key = Ed25519.importPublic(source.bytes) else { return nil }
            self.key = .ed25519(key)
        case .p256:
            guard let key = P256.importPublic(source.bytes) else { return nil }
            self.key = .p256(key)
        case .secp256k1:
            guard let key = Secp256k1.parse(source.bytes) else { return nil }
            self.key = .secp256k1(key)
        }
    }

    deinit {
        switch key {
        case .ed25519(let key), .p256(let key): EVP_PKEY_free(key)
        case .secp256k1: break
        }
    }
}
