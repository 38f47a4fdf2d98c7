import Multiformats

/// Holds the secp256k1 key of an Ethereum account and signs messages as a wallet does.
public struct EthereumKey: Sendable {
    private let key: PrivateKey
    public let address: EthereumAddress

    /// Takes the 32-byte big-endian scalar in 1..<n; throws `malformedKey`.
    public init(scalar: [UInt8]) throws(UCANError) {
        key = try PrivateKey(curve: .secp256k1, seed: scalar)
        address = try EthereumAddress(of: key.publicKey)
    }

    public static func generate() throws(UCANError) -> EthereumKey {
        try EthereumKey(scalar: PrivateKey.generate(.secp256k1).seed)
    }

    public var publicKey: PublicKey { key.publicKey }

    /// The same key as a signer of UCANs.
    public var privateKey: PrivateKey { key }

    /// The account on one chain: `did:pkh:eip155:<chain>:<address>`.
    public func did(chain: UInt64 = 1) -> DID { address.did(chain: chain) }

    /// Signs `text` as `personal_sign` does (EIP-191); 65 bytes r, s, v with v of 27 or 28.
    public func signEIP191(_ text: [UInt8]) throws(UCANError) -> [UInt8] {
        guard let made = Secp256k1.sign(scalar: key.seed, digest: EIP191.digest(of: text)) else {
            throw UCANError(.cryptoFailure, "the key could not sign")
        }
        return made.signature + [27 + made.recoveryID]
    }
}
