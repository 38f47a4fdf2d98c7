import COpenSSL
import Multiformats

/// Hashes bytes that arrive in pieces with SHA-256.
///
/// Proof of safety for `@unchecked Sendable`: the owner hands it from thread to thread, never shares it.
final class StreamingSHA256: @unchecked Sendable {
    private let context: OpaquePointer?

    init() {
        context = EVP_MD_CTX_new()
        precondition(EVP_DigestInit_ex2(context, EVP_sha256(), nil) == 1, "libcrypto offers no SHA-256")
    }

    deinit { EVP_MD_CTX_free(context) }

    func update(_ bytes: [UInt8]) { EVP_DigestUpdate(context, bytes, bytes.count) }

    /// Gives the digest; nothing may be added afterwards.
    func finish() -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        EVP_DigestFinal_ex(context, &bytes, nil)
        return Digest(bytes) ?? .zero
    }
}
