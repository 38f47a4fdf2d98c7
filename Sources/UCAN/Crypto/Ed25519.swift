import COpenSSL

/// Verifies and makes pure Ed25519 signatures (RFC 8032, cofactorless equation).
enum Ed25519 {
    /// Compares little-endian 32-byte field encodings without their sign bit.
    ///
    /// libcrypto refuses S >= L and compares the encoding of R bytewise, so a non-canonical R never verifies; the
    /// checks of A (canonical, not of small order, on the curve) are not made there, or too late for whoever only names
    /// the key, and stand here (spec/ucan.md F and H).
    static func isAcceptableKey(_ key: [UInt8]) -> Bool {
        guard key.count == 32 else { return false }
        var y = key
        y[31] &= 0x7F
        return isBelowPrime(y) && !smallOrder.contains(y) && isOnCurve(y)
    }

    /// Tests that there is an x for y: that (y^2 - 1) / (d y^2 + 1) is a square (RFC 8032, 5.1.3).
    ///
    /// With d = -121665/121666 that is whether 121666 (y^2 - 1) (121666 - 121665 y^2) is one.
    private static func isOnCurve(_ y: [UInt8]) -> Bool {
        guard let context = BN_CTX_new() else { return false }
        defer { BN_CTX_free(context) }
        BN_CTX_start(context)
        defer { BN_CTX_end(context) }
        guard let prime = BN_CTX_get(context), let square = BN_CTX_get(context), let left = BN_CTX_get(context),
            let right = BN_CTX_get(context), BN_lebin2bn(y, 32, square) != nil,
            BN_set_word(prime, 0) == 1, BN_set_bit(prime, 255) == 1, BN_sub_word(prime, 19) == 1,
            BN_mod_sqr(square, square, prime, context) == 1,
            BN_copy(left, square) != nil, BN_sub_word(left, 1) == 1, BN_mul_word(left, 121_666) == 1,
            BN_copy(right, square) != nil, BN_mul_word(right, 121_665) == 1, BN_sub_word(right, 121_666) == 1,
            BN_mod_mul(left, left, right, prime, context) == 1
        else { return false }
        BN_set_negative(left, BN_is_negative(left) == 1 ? 0 : 1)
        return BN_nnmod(left, left, prime, context) == 1 && BN_kronecker(left, prime, context) >= 0
    }

    /// Tests y < 2^255 - 19.
    private static func isBelowPrime(_ y: [UInt8]) -> Bool {
        guard y[31] == 0x7F, y[1..<31].allSatisfy({ $0 == 0xFF }) else { return true }
        return y[0] < 0xED
    }

    /// The y coordinates of the eight points of small order: 0, 1, -1 and the two of order 8.
    private static let smallOrder: [[UInt8]] = [
        [UInt8](repeating: 0, count: 32),
        [1] + [UInt8](repeating: 0, count: 31),
        [0xEC] + [UInt8](repeating: 0xFF, count: 30) + [0x7F],
        [
            0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
            0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05,
        ],
        [
            0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
            0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A,
        ],
    ]

    static func importPublic(_ key: [UInt8]) -> OpaquePointer? {
        guard isAcceptableKey(key) else { return nil }
        return EVP_PKEY_new_raw_public_key_ex(nil, "ED25519", nil, key, key.count)
    }

    static func importPrivate(_ seed: [UInt8]) -> OpaquePointer? {
        guard seed.count == 32 else { return nil }
        return EVP_PKEY_new_raw_private_key_ex(nil, "ED25519", nil, seed, seed.count)
    }

    static func publicBytes(of key: OpaquePointer) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 32)
        var count = 32
        guard EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1, count == 32 else { return nil }
        return bytes
    }

    static func verify(
        key: OpaquePointer,
        signature: UnsafeRawBufferPointer,
        message: UnsafeRawBufferPointer
    ) -> Bool {
        guard signature.count == 64 else { return false }
        let context = ThreadContext.current.verify
        guard EVP_MD_CTX_reset(context) == 1, EVP_DigestVerifyInit_ex(context, nil, nil, nil, nil, key, nil) == 1 else {
            LibCrypto.clearErrors()
            return false
        }
        let sound = EVP_DigestVerify(
            context,
            signature.bindMemory(to: UInt8.self).baseAddress,
            64,
            message.bindMemory(to: UInt8.self).baseAddress,
            message.count
        )
        if sound != 1 { LibCrypto.clearErrors() }
        return sound == 1
    }

    static func sign(key: OpaquePointer, message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_MD_CTX_new() else { return nil }
        defer { EVP_MD_CTX_free(context) }
        var signature = [UInt8](repeating: 0, count: 64)
        var count = 64
        guard EVP_DigestSignInit_ex(context, nil, nil, nil, nil, key, nil) == 1,
            EVP_DigestSign(context, &signature, &count, message, message.count) == 1, count == 64
        else { return nil }
        return signature
    }
}
