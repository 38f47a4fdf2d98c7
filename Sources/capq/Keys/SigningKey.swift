import UCAN

/// Holds a key ready to sign, under the DID it signs as.
struct SigningKey: Sendable {
    let kind: KeyKind
    let key: PrivateKey
    /// The account, when the key is a wallet's.
    let wallet: EthereumKey?
    /// did:key, or did:pkh for a wallet.
    let did: DID

    /// Prepares the key of a file; `chain` counts for wallets only.
    init(_ file: KeyFile, chain: UInt64 = 1) throws(Failure) {
        kind = file.kind
        let secret = file.secret.bytes
        switch file.kind {
        case .ed25519, .p256, .secp256k1:
            key = try Failure.ofTokens { () throws(UCANError) in
                try PrivateKey(curve: file.kind.tokenCurve, seed: secret)
            }
            wallet = nil
            did = key.did
        case .wallet:
            let wallet = try Failure.ofTokens { () throws(UCANError) in try EthereumKey(scalar: secret) }
            key = wallet.privateKey
            self.wallet = wallet
            did = wallet.did(chain: chain)
        }
    }

    /// Makes a new key out of `random`; some bytes are no scalar of a curve, so it asks again.
    static func make(_ kind: KeyKind, random: (Int) -> [UInt8]) throws(Failure) -> (KeyFile, SigningKey) {
        for _ in 0..<16 {
            guard let secret = Secret(random(32)) else { continue }
            let file = KeyFile(kind: kind, secret: secret)
            if let key = try? SigningKey(file) { return (file, key) }
        }
        throw Failure(.failure, "no key could be made")
    }
}

extension KeyKind {
    /// Names the curve as the token module does.
    var tokenCurve: Curve {
        switch self {
        case .ed25519: .ed25519
        case .p256: .p256
        case .secp256k1, .wallet: .secp256k1
        }
    }
}
