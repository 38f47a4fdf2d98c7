import COpenSSL
import Glibc

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
