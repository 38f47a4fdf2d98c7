import COpenSSL
import Multiformats

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
