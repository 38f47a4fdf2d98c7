import COpenSSL

/// Encrypts small secrets with AES-256-GCM: `0x01 ‖ nonce (12) ‖ ciphertext ‖ tag (16)`, bound to a context.
enum SealedBox {
    private static let version: UInt8 = 1
    private static let nonceCount = 12
    private static let tagCount = 16
    static let overhead = 1 + nonceCount + tagCount

    static func seal(_ secret: [UInt8], key: [UInt8], context: [UInt8]) throws(IdentityError) -> [UInt8] {
        let nonce = try SecureRandom.bytes(nonceCount)
        guard let sealed = run(secret, key, nonce, context, tag: nil) else {
            throw IdentityError(.cryptoFailure, "the secret could not be sealed")
        }
        return [version] + nonce + sealed
    }

    /// Gives the secret; throws when key, context or bytes are not those of `seal`.
    static func open(_ box: [UInt8], key: [UInt8], context: [UInt8]) throws(IdentityError) -> [UInt8] {
        guard box.count >= overhead, box[0] == version,
            let secret = run(
                Array(box[(1 + nonceCount)..<(box.count - tagCount)]), key, Array(box[1..<(1 + nonceCount)]), context,
                tag: Array(box.suffix(tagCount)))
        else { throw IdentityError(.cryptoFailure, "the sealed secret does not open") }
        return secret
    }

    /// Encrypts without a tag and gives `ciphertext ‖ tag`; decrypts with one and gives the plain bytes.
    private static func run(
        _ input: [UInt8], _ key: [UInt8], _ nonce: [UInt8], _ context: [UInt8], tag: [UInt8]?
    ) -> [UInt8]? {
        guard key.count == 32, let cipher = EVP_CIPHER_CTX_new() else { return nil }
        defer { EVP_CIPHER_CTX_free(cipher) }
        let isSealing: Int32 = tag == nil ? 1 : 0
        guard EVP_CipherInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce, isSealing) == 1 else { return nil }
        var count: Int32 = 0
        var output = [UInt8](repeating: 0, count: input.count + 16)
        guard context.isEmpty || EVP_CipherUpdate(cipher, nil, &count, context, Int32(context.count)) == 1,
            EVP_CipherUpdate(cipher, &output, &count, input, Int32(input.count)) == 1, count == input.count
        else { return nil }
        if var tag {
            guard EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, Int32(tagCount), &tag) == 1 else { return nil }
        }
        var rest: Int32 = 0
        let isFinal = output.withUnsafeMutableBufferPointer { output in
            EVP_CipherFinal_ex(cipher, output.baseAddress.map { $0 + input.count }, &rest) == 1
        }
        guard isFinal, rest == 0 else { return nil }
        output.removeLast(16)
        guard tag == nil else { return output }
        var made = [UInt8](repeating: 0, count: tagCount)
        guard EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, Int32(tagCount), &made) == 1 else { return nil }
        return output + made
    }
}
