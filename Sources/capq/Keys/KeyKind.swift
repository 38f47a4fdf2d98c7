/// Names the kinds of keys capq keeps.
enum KeyKind: String, CaseIterable, Sendable {
    case ed25519
    case p256
    case secp256k1
    /// A secp256k1 key that signs as an Ethereum account.
    case wallet

    /// Names the curve as the key file writes it.
    var curve: String { self == .wallet ? "secp256k1" : rawValue }

    /// Finds the kind from the members of a key file.
    init?(curve: String, isWallet: Bool) {
        guard
            let kind = KeyKind.allCases.first(where: { $0.curve.hasSameBytes(as: curve) && ($0 == .wallet) == isWallet }
            )
        else { return nil }
        self = kind
    }
}
