import COpenSSL
import CSecp256k1
import Synchronization

/// Keeps imported public keys, since importing a P-256 key costs half of a verification.
///
/// Bounded by two generations: when the young one is full it becomes the old one, and what is used again moves back.
final class KeyCache: Sendable {
    static let shared = KeyCache(generation: 4096)

    private struct Generations {
        var young: [PublicKey: ImportedKey] = [:]
        var old: [PublicKey: ImportedKey] = [:]
    }

    private let generation: Int
    // Proof of safety: the dictionaries are reached only inside the lock; what leaves it is an immutable ImportedKey.
    private let generations = Mutex(Generations())

    init(generation: Int) { self.generation = generation }

    /// Returns the imported form, or nil when the bytes are no acceptable key; nothing is remembered for those.
    func imported(_ key: PublicKey) -> ImportedKey? {
        let known = generations.withLock { held -> ImportedKey? in
            if let found = held.young[key] { return found }
            guard let found = held.old[key] else { return nil }
            insert(found, for: key, into: &held)
            return found
        }
        if let known { return known }
        guard let made = ImportedKey(key) else { return nil }
        generations.withLock { insert(made, for: key, into: &$0) }
        return made
    }

    private func insert(_ imported: ImportedKey, for key: PublicKey, into held: inout Generations) {
        if held.young.count >= generation {
            held.old = held.young
            held.young = [:]
        }
        held.young[key] = imported
    }

    /// Number of keys held at this moment, in both generations.
    var count: Int { generations.withLock { $0.young.count + $0.old.count } }
}

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
