import CSecp256k1
import Multiformats

/// Verifies, recovers and makes ECDSA secp256k1 signatures with libsecp256k1.
///
/// High-S signatures are refused on purpose (spec/ucan.md H): libsecp256k1 verifies only the low form, and recovery,
/// which would take either, is guarded by the same test here.
enum Secp256k1 {
    // Proof of safety: after its blinding is set here, the context is only passed as const and never freed.
    nonisolated(unsafe) static let context: OpaquePointer? = {
        guard let made = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else { return nil }
        if let seed = try? LibCrypto.random(32) { _ = secp256k1_context_randomize(made, seed) }
        return made
    }()

    static func parse(_ bytes: [UInt8]) -> secp256k1_pubkey? {
        guard let context, bytes.count == 33 || bytes.count == 65 else { return nil }
        guard bytes.count == 33 || bytes[0] == 4 else { return nil }
        var key = secp256k1_pubkey()
        return secp256k1_ec_pubkey_parse(context, &key, bytes, bytes.count) == 1 ? key : nil
    }

    static func serialize(_ key: secp256k1_pubkey, compressed: Bool) -> [UInt8] {
        guard let context else { return [] }
        var key = key
        var count = compressed ? 33 : 65
        var bytes = [UInt8](repeating: 0, count: count)
        let form = UInt32(compressed ? SECP256K1_EC_COMPRESSED : SECP256K1_EC_UNCOMPRESSED)
        _ = secp256k1_ec_pubkey_serialize(context, &bytes, &count, &key, form)
        return bytes
    }

    static func publicKey(ofScalar scalar: [UInt8]) -> secp256k1_pubkey? {
        guard let context, scalar.count == 32 else { return nil }
        var key = secp256k1_pubkey()
        return secp256k1_ec_pubkey_create(context, &key, scalar) == 1 ? key : nil
    }

    static func verify(key: secp256k1_pubkey, signature: UnsafeRawBufferPointer, digest: Digest) -> Bool {
        guard let context, signature.count == 64, let raw = signature.bindMemory(to: UInt8.self).baseAddress else {
            return false
        }
        var key = key
        var parsed = secp256k1_ecdsa_signature()
        guard secp256k1_ecdsa_signature_parse_compact(context, &parsed, raw) == 1 else { return false }
        return secp256k1_ecdsa_verify(context, &parsed, digest.bytes, &key) == 1
    }

    /// Recovers the signer of `digest`; nil for high-S, out-of-range values or a recovery id other than 0 and 1.
    static func recover(signature: [UInt8], recoveryID: UInt8, digest: Digest) -> secp256k1_pubkey? {
        guard let context, signature.count == 64, recoveryID < 2 else { return nil }
        var plain = secp256k1_ecdsa_signature()
        guard secp256k1_ecdsa_signature_parse_compact(context, &plain, signature) == 1,
            secp256k1_ecdsa_signature_normalize(context, nil, &plain) == 0
        else { return nil }
        var recoverable = secp256k1_ecdsa_recoverable_signature()
        var key = secp256k1_pubkey()
        guard
            secp256k1_ecdsa_recoverable_signature_parse_compact(context, &recoverable, signature, Int32(recoveryID))
                == 1,
            secp256k1_ecdsa_recover(context, &key, &recoverable, digest.bytes) == 1
        else { return nil }
        return key
    }

    /// Signs deterministically (RFC 6979) in the low form; returns `r || s` and the recovery id.
    static func sign(scalar: [UInt8], digest: Digest) -> (signature: [UInt8], recoveryID: UInt8)? {
        guard let context, scalar.count == 32 else { return nil }
        var recoverable = secp256k1_ecdsa_recoverable_signature()
        guard secp256k1_ecdsa_sign_recoverable(context, &recoverable, digest.bytes, scalar, nil, nil) == 1 else {
            return nil
        }
        var compact = [UInt8](repeating: 0, count: 64)
        var recoveryID: Int32 = 0
        guard
            secp256k1_ecdsa_recoverable_signature_serialize_compact(context, &compact, &recoveryID, &recoverable) == 1,
            let id = UInt8(exactly: recoveryID)
        else { return nil }
        return (compact, id)
    }
}
