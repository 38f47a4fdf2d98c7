/// Names the key types this module signs and verifies with.
public enum Curve: String, Sendable, CaseIterable {
    case ed25519
    case p256
    case secp256k1

    /// The JOSE algorithm that belongs to the key type (spec/ucan.md H).
    public var algorithm: String {
        switch self {
        case .ed25519: "EdDSA"
        case .p256: "ES256"
        case .secp256k1: "ES256K"
        }
    }

    /// Tests a name of that algorithm: `EdDSA` is `Ed25519` where only this curve is meant (RFC 9864).
    public func isAlgorithm(_ name: String) -> Bool {
        name.isExactly(algorithm) || self == .ed25519 && name.isExactly("Ed25519")
    }

    /// The `kty` member of a JWK.
    var jwkType: String { self == .ed25519 ? "OKP" : "EC" }

    /// The `crv` member of a JWK.
    var jwkName: String {
        switch self {
        case .ed25519: "Ed25519"
        case .p256: "P-256"
        case .secp256k1: "secp256k1"
        }
    }

    /// The multicodec varint before the key bytes of a did:key.
    var multicodec: [UInt8] {
        switch self {
        case .ed25519: [0xED, 0x01]
        case .p256: [0x80, 0x24]
        case .secp256k1: [0xE7, 0x01]
        }
    }

    /// Length of a public key: 32 bytes, or 33 for a compressed point.
    public var publicKeyLength: Int { self == .ed25519 ? 32 : 33 }
}
