import COpenSSL
public import Multiformats

/// Computes SHA-256 with libcrypto, fetching the algorithm once.
public enum SHA256 {
    public static func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        var length: UInt32 = 0
        let context = ThreadContext.current
        let done = withUnsafeMutableBytes(of: &words) { out in
            EVP_DigestInit_ex2(context.digest, LibCrypto.sha256, nil) == 1
                && EVP_DigestUpdate(context.digest, bytes.baseAddress, bytes.count) == 1
                && EVP_DigestFinal_ex(context.digest, out.bindMemory(to: UInt8.self).baseAddress, &length) == 1
        }
        // SHA-256 has no failing input: this can only be a libcrypto built without it, where nothing may run.
        precondition(done && length == 32, "libcrypto offers no SHA-256")
        return Digest(
            w0: UInt64(bigEndian: words.0),
            w1: UInt64(bigEndian: words.1),
            w2: UInt64(bigEndian: words.2),
            w3: UInt64(bigEndian: words.3)
        )
    }
}

/// Computes HMAC-SHA-256 (RFC 2104).
package enum HMACSHA256 {
    package static func code(of message: [UInt8], key: [UInt8]) -> [UInt8] {
        let key = key.count > 64 ? SHA256.hash(key).bytes : key
        var inner = [UInt8](repeating: 0x36, count: 64)
        var outer = [UInt8](repeating: 0x5c, count: 64)
        for index in key.indices {
            inner[index] ^= key[index]
            outer[index] ^= key[index]
        }
        return SHA256.hash(outer + SHA256.hash(inner + message).bytes).bytes
    }

    /// Compares in a time that does not depend on where the bytes differ.
    package static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        left.count == right.count && CRYPTO_memcmp(left, right, left.count) == 0
    }
}
