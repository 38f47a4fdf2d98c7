import COpenSSL

/// Computes HMAC-SHA-256 (RFC 2104) with libcrypto.
package enum HMACSHA256 {
    package static func tag(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 32)
        var count = 0
        let made = EVP_Q_mac(
            nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &out, out.count, &count)
        // It has no failing input: this can only be a libcrypto built without it, where nothing may run.
        precondition(made != nil && count == 32, "libcrypto offers no HMAC-SHA-256")
        return out
    }

    /// Compares in constant time.
    package static func isTag(_ tag: [UInt8], of message: [UInt8], key: [UInt8]) -> Bool {
        tag.count == 32 && CRYPTO_memcmp(tag, self.tag(message, key: key), 32) == 0
    }
}
