public import UCAN

/// Makes and checks the signatures of tokens: 64 bytes `r ‖ s`, and no other length, such as DER (section 4).
public enum TokenSignature {
    /// Says which of the two forms of an ECDSA signature a verifier takes.
    public enum Form: Sendable {
        /// Only the low one: delegation tokens, credentials, service auth and commits.
        case low
        /// Both, for signatures of general signers: proofs, attestations and signed requests.
        case any
    }

    /// Signs the SHA-256 of a message, always in the low form; throws `InternalServerError`.
    public static func make(_ message: [UInt8], by key: PrivateKey) throws(ATProtoError) -> [UInt8] {
        guard let raw = try? key.sign(message),
            let signature = key.curve == .ed25519 ? raw : LowS.normalized(raw, curve: key.curve)
        else { throw ATProtoError("InternalServerError", "the key could not sign") }
        return signature
    }

    public static func isSound(_ signature: [UInt8], over message: [UInt8], by key: PublicKey, form: Form) -> Bool {
        guard key.curve != .ed25519 else { return key.verify(signature: signature, message: message) }
        switch form {
        case .low: return LowS.isLow(signature, curve: key.curve) && key.verify(signature: signature, message: message)
        case .any:
            // The library for secp256k1 takes the low form only, so both forms are brought to it.
            guard let low = LowS.normalized(signature, curve: key.curve) else { return false }
            return key.verify(signature: low, message: message)
        }
    }
}
