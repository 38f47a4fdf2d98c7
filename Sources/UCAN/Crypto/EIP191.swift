public import Multiformats

/// Hashes and recovers signatures of Ethereum personal messages (EIP-191, version 0x45).
public enum EIP191 {
    /// Keccak-256 of `0x19 "Ethereum Signed Message:\n" <byte length> text`.
    public static func digest(of text: [UInt8]) -> Digest {
        var message = Array("\u{19}Ethereum Signed Message:\n\(text.count)".utf8)
        message += text
        return Keccak256.hash(message)
    }

    /// Recovers the account that signed `text`.
    ///
    /// Takes 65 bytes r, s, v with v of 27 or 28, or 0 or 1 as some wallets write it; any other v and high-S are
    /// refused, since each would be one more form of the same signature (spec/ucan.md C.2).
    public static func recover(text: [UInt8], signature: [UInt8]) throws(UCANError) -> EthereumAddress {
        guard signature.count == 65 else {
            throw UCANError(.malformedSignature, "a wallet signature has 65 bytes, not \(signature.count)", step: "C.2")
        }
        let recoveryID: UInt8
        switch signature[64] {
        case 0, 27: recoveryID = 0
        case 1, 28: recoveryID = 1
        default:
            throw UCANError(.malformedSignature, "the recovery byte is \(signature[64]), not 27 or 28", step: "C.2")
        }
        guard
            let point = Secp256k1.recover(
                signature: Array(signature[0..<64]),
                recoveryID: recoveryID,
                digest: digest(of: text)
            )
        else { throw UCANError(.badSignature, "the wallet signature recovers no key", step: "C.2") }
        return EthereumAddress(uncompressed: Secp256k1.serialize(point, compressed: false))
    }
}
