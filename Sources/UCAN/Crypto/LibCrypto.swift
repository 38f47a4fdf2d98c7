import COpenSSL
import Glibc

/// Holds what is fetched from libcrypto once for the whole process.
enum LibCrypto {
    // Proof of safety: a fetched EVP_MD is immutable, its reference count is atomic, and it is never freed here.
    nonisolated(unsafe) static let sha256: OpaquePointer? = EVP_MD_fetch(nil, "SHA256", nil)

    // Proof of safety: an EC_GROUP is only read after creation and never freed.
    nonisolated(unsafe) static let p256Group: OpaquePointer? =
        EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)

    /// Forgets errors queued on this thread, so that a refused input leaves no trace for the next call.
    static func clearErrors() { ERR_clear_error() }

    /// Returns `count` unpredictable bytes.
    static func random(_ count: Int) throws(UCANError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        guard RAND_priv_bytes(&bytes, Int32(count)) == 1 else {
            throw UCANError(.cryptoFailure, "the random generator gave no bytes")
        }
        return bytes
    }
}

/// Keeps one set of OpenSSL working contexts per thread, since making one costs a microsecond.
final class ThreadContext {
    let digest: OpaquePointer?
    let verify: OpaquePointer?

    private init() {
        digest = EVP_MD_CTX_new()
        verify = EVP_MD_CTX_new()
    }

    deinit {
        EVP_MD_CTX_free(digest)
        EVP_MD_CTX_free(verify)
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        // The destructor runs at thread end and gives back the reference the slot held.
        pthread_key_create(&key) { slot in
            if let slot { Unmanaged<ThreadContext>.fromOpaque(slot).release() }
        }
        return key
    }()

    /// Returns the calling thread's contexts; callers must not suspend while they hold them.
    static var current: ThreadContext {
        if let slot = pthread_getspecific(key) {
            return Unmanaged<ThreadContext>.fromOpaque(slot).takeUnretainedValue()
        }
        let made = ThreadContext()
        pthread_setspecific(key, Unmanaged.passRetained(made).toOpaque())
        return made
    }
}
