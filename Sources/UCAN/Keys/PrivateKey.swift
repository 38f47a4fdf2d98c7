import COpenSSL
import Multiformats

/// Holds a private key of any of the three curves and signs with it; the secret is wiped when the last copy goes.
public struct PrivateKey: Sendable {
    public let publicKey: PublicKey
    private let secret: Secret

    /// Makes a fresh key from the system's random generator.
    public static func generate(_ curve: Curve) throws(UCANError) -> PrivateKey {
        // A random 32-byte string is out of a curve's scalar range with probability below 2^-32.
        for _ in 0..<4 {
            if let key = try? PrivateKey(curve: curve, seed: LibCrypto.random(32)) { return key }
        }
        throw UCANError(.cryptoFailure, "no private key could be made")
    }

    /// Takes 32 bytes: the Ed25519 seed, or the big-endian scalar in 1..<n; throws `malformedKey`.
    public init(curve: Curve, seed: [UInt8]) throws(UCANError) {
        guard let secret = Secret(curve: curve, seed: seed), let bytes = secret.publicBytes else {
            throw UCANError(.malformedKey, "the bytes are no \(curve.rawValue) private key")
        }
        self.secret = secret
        publicKey = try PublicKey(trusted: curve, bytes: bytes)
    }

    public var curve: Curve { publicKey.curve }
    public var did: DID { publicKey.did }

    /// Returns the 64-byte raw signature over `message`; ECDSA signs its SHA-256.
    public func sign(_ message: [UInt8]) throws(UCANError) -> [UInt8] {
        guard let signature = secret.sign(message) else {
            throw UCANError(.cryptoFailure, "the key could not sign")
        }
        return signature
    }

    /// The 32 secret bytes, for a key store.
    public var seed: [UInt8] { secret.seed }
}

/// Owns the secret bytes and, for libcrypto's curves, the imported key.
///
/// Proof of safety for `@unchecked Sendable`: nothing changes between `init` and `deinit`, and signing only reads.
private final class Secret: @unchecked Sendable {
    let curve: Curve
    // Own memory and not an array: storage of an array may be shared with a copy, which wiping would destroy.
    private let bytes: UnsafeMutableRawBufferPointer
    private let key: OpaquePointer?

    init?(curve: Curve, seed: [UInt8]) {
        guard seed.count == 32 else { return nil }
        let key: OpaquePointer?
        switch curve {
        case .ed25519:
            key = Ed25519.importPrivate(seed)
            guard key != nil else { return nil }
        case .p256:
            key = P256.importPrivate(seed)
            guard key != nil else { return nil }
        case .secp256k1:
            key = nil
            guard Secp256k1.publicKey(ofScalar: seed) != nil else { return nil }
        }
        self.curve = curve
        self.key = key
        bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 1)
        bytes.copyBytes(from: seed)
    }

    deinit {
        EVP_PKEY_free(key)
        OPENSSL_cleanse(bytes.baseAddress, bytes.count)
        bytes.deallocate()
    }

    var seed: [UInt8] { Array(bytes) }

    var publicBytes: [UInt8]? {
        switch curve {
        case .ed25519: key.flatMap { Ed25519.publicBytes(of: $0) }
        case .p256: key.flatMap { P256.compressedBytes(of: $0) }
        case .secp256k1: Secp256k1.publicKey(ofScalar: seed).map { Secp256k1.serialize($0, compressed: true) }
        }
    }

    func sign(_ message: [UInt8]) -> [UInt8]? {
        switch curve {
        case .ed25519: key.flatMap { Ed25519.sign(key: $0, message: message) }
        case .p256: key.flatMap { P256.sign(key: $0, message: message) }
        case .secp256k1: Secp256k1.sign(scalar: seed, digest: SHA256.hash(message))?.signature
        }
    }
}
