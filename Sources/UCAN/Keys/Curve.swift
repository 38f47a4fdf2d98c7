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
