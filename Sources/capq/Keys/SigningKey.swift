import Multiformats
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
    init(_ file: KeyFile, chain: UInt64 = 1) throws(CommandError) {
        kind = file.kind
        let secret = file.secret.bytes
        switch file.kind {
        case .ed25519, .p256, .secp256k1:
            key = try CommandError.ofTokens { () throws(UCANError) in
                try PrivateKey(curve: file.kind.tokenCurve, seed: secret)
            }
            wallet = nil
            did = key.did
        case .wallet:
            let wallet = try CommandError.ofTokens { () throws(UCANError) in try EthereumKey(scalar: secret) }
            key = wallet.privateKey
            self.wallet = wallet
            did = wallet.did(chain: chain)
        }
    }

    /// Makes a new key out of `random`; some bytes are no scalar of a curve, so it asks again.
    static func make(_ kind: KeyKind, random: (Int) -> [UInt8]) throws(CommandError) -> (KeyFile, SigningKey) {
        for _ in 0..<16 {
            guard let secret = Secret(random(32)) else { continue }
            let file = KeyFile(kind: kind, secret: secret)
            if let key = try? SigningKey(file) { return (file, key) }
        }
        throw CommandError(.failure, "no key could be made")
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

extension SigningKey {
    /// Signs a use of capabilities, addressed to the signer itself.
    func invocation(
        _ capabilities: [TokenCapability],
        proofs: [CID],
        expires: Timestamp,
        facts: [JSON] = []
    ) throws(UCANError) -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: key,
            audience: did,
            capabilities: capabilities,
            proofs: proofs,
            expires: expires,
            nonce: TokenMaker.freshNonce(),
            facts: facts,
            issuerDID: wallet == nil ? nil : did
        )
    }

    /// Signs a delegation to `audience`.
    func delegation(
        to audience: DID,
        _ capabilities: [TokenCapability],
        proofs: [CID],
        notBefore: Timestamp? = nil,
        expires: Timestamp,
        facts: [JSON] = []
    ) throws(UCANError) -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: key,
            audience: audience,
            capabilities: capabilities,
            proofs: proofs,
            expires: expires,
            notBefore: notBefore,
            nonce: TokenMaker.freshNonce(),
            facts: facts,
            issuerDID: wallet == nil ? nil : did
        )
    }
}

/// Holds the bytes of a private key and never shows them by accident.
struct Secret: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What stands for a secret on a screen.
    static let redacted = "redacted"

    /// 32 bytes.
    let bytes: [UInt8]

    /// Takes exactly 32 bytes.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    var description: String { Self.redacted }
    var debugDescription: String { Self.redacted }
    var customMirror: Mirror { Mirror(self, children: []) }
}
