import COpenSSL
import Multiformats

/// Verifies and makes ECDSA P-256 signatures over SHA-256, in the raw `r || s` form of JOSE.
///
/// High-S signatures are accepted, because WebCrypto makes them half of the time; identity never depends on the
/// signature (`statementID`), so the second form of a signature is no second statement (spec/ucan.md H, I).
enum P256 {
    /// Imports `04 || x || y`; nil when it is no point of the curve.
    static func importPublic(_ point: [UInt8]) -> OpaquePointer? {
        guard point.count == 65, point[0] == 4 else { return nil }
        return make(selection: OSSL_KEYMGMT_SELECT_ALL_PARAMETERS | OSSL_KEYMGMT_SELECT_PUBLIC_KEY, point, nil)
    }

    /// Imports a private scalar in 1..<n together with its public point.
    static func importPrivate(_ scalar: [UInt8]) -> OpaquePointer? {
        guard scalar.count == 32, let group = LibCrypto.p256Group,
            let number = BN_bin2bn(scalar, 32, BN_secure_new())
        else { return nil }
        defer { BN_clear_free(number) }
        guard BN_is_zero(number) == 0, let order = EC_GROUP_get0_order(group), BN_cmp(number, order) < 0,
            let point = EC_POINT_new(group)
        else { return nil }
        defer { EC_POINT_free(point) }
        var compressed = [UInt8](repeating: 0, count: 33)
        guard EC_POINT_mul(group, point, number, nil, nil, nil) == 1,
            EC_POINT_point2oct(group, point, POINT_CONVERSION_COMPRESSED, &compressed, 33, nil) == 33
        else { return nil }
        return make(
            selection: OSSL_KEYMGMT_SELECT_ALL_PARAMETERS | OSSL_KEYMGMT_SELECT_KEYPAIR,
            compressed,
            number
        )
    }

    // The builder keeps the pointers it is given, so names must outlive the call: literals do.
    private static let group: StaticString = "group"
    private static let curve: StaticString = "prime256v1"
    private static let pub: StaticString = "pub"
    private static let priv: StaticString = "priv"

    private static func pointer(_ text: StaticString) -> UnsafePointer<CChar> {
        UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
    }

    private static func make(selection: Int32, _ point: [UInt8], _ secret: OpaquePointer?) -> OpaquePointer? {
        guard let builder = OSSL_PARAM_BLD_new() else { return nil }
        defer { OSSL_PARAM_BLD_free(builder) }
        return point.withUnsafeBytes { point -> OpaquePointer? in
            guard OSSL_PARAM_BLD_push_utf8_string(builder, pointer(group), pointer(curve), 0) == 1,
                OSSL_PARAM_BLD_push_octet_string(builder, pointer(pub), point.baseAddress, point.count) == 1,
                secret == nil || OSSL_PARAM_BLD_push_BN(builder, pointer(priv), secret) == 1,
                let parameters = OSSL_PARAM_BLD_to_param(builder)
            else { return nil }
            defer { OSSL_PARAM_free(parameters) }
            guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
            defer { EVP_PKEY_CTX_free(context) }
            var key: OpaquePointer?
            guard EVP_PKEY_fromdata_init(context) == 1, EVP_PKEY_fromdata(context, &key, selection, parameters) == 1
            else {
                LibCrypto.clearErrors()
                return nil
            }
            return key
        }
    }

    /// Returns the point of 33 compressed bytes as `04 || x || y`, or nil when they are no point of the curve.
    static func uncompressed(_ compressed: [UInt8]) -> [UInt8]? {
        guard compressed.count == 33, compressed[0] == 2 || compressed[0] == 3,
            let group = LibCrypto.p256Group, let point = EC_POINT_new(group)
        else { return nil }
        defer { EC_POINT_free(point) }
        var bytes = [UInt8](repeating: 0, count: 65)
        guard EC_POINT_oct2point(group, point, compressed, compressed.count, nil) == 1,
            EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, &bytes, 65, nil) == 65
        else {
            LibCrypto.clearErrors()
            return nil
        }
        return bytes
    }

    static func compressedBytes(of key: OpaquePointer) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 80)
        var count = 0
        guard EVP_PKEY_get_octet_string_param(key, "pub", &bytes, bytes.count, &count) == 1 else { return nil }
        if count == 33 { return Array(bytes[0..<33]) }
        guard count == 65, bytes[0] == 4 else { return nil }
        return [2 | (bytes[64] & 1)] + bytes[1..<33]
    }

    static func verify(
        key: OpaquePointer,
        signature: UnsafeRawBufferPointer,
        message: UnsafeRawBufferPointer
    ) -> Bool {
        guard signature.count == 64, let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return false }
        defer { EVP_PKEY_CTX_free(context) }
        let digest = SHA256.hash(message).bytes
        let sound = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: ECDSASignature.maximumDER) { der in
            let count = ECDSASignature.der(fromRaw: signature, into: der)
            return EVP_PKEY_verify_init(context) == 1
                && EVP_PKEY_verify(context, der.baseAddress, count, digest, digest.count) == 1
        }
        if !sound { LibCrypto.clearErrors() }
        return sound
    }

    static func sign(key: OpaquePointer, message: [UInt8]) -> [UInt8]? {
        guard let context = EVP_PKEY_CTX_new_from_pkey(nil, key, nil) else { return nil }
        defer { EVP_PKEY_CTX_free(context) }
        let digest = SHA256.hash(message).bytes
        var der = [UInt8](repeating: 0, count: 80)
        var count = der.count
        guard EVP_PKEY_sign_init(context) == 1,
            EVP_PKEY_sign(context, &der, &count, digest, digest.count) == 1
        else { return nil }
        return ECDSASignature.raw(fromDER: Array(der[0..<count]))
    }
}
