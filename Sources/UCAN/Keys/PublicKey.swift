import Multiformats

/// Holds a public key known to be sound: canonical, on its curve where libcrypto checks it, not of small order.
public struct PublicKey: Hashable, Sendable {
    public let curve: Curve
    /// The parity byte of a compressed point; 0 for Ed25519.
    let head: UInt8
    /// The 32 bytes of the Ed25519 key, or of the x coordinate.
    let body: Digest

    /// Checks the bytes: 32 for Ed25519, 33 compressed for the others; throws `malformedKey`.
    public init(curve: Curve, bytes: [UInt8]) throws(UCANError) {
        guard bytes.count == curve.publicKeyLength, let body = Digest(bytes.suffix(32)) else {
            throw UCANError(.malformedKey, "a public key of this type has \(curve.publicKeyLength) bytes", step: "F")
        }
        self.curve = curve
        head = curve == .ed25519 ? 0 : bytes[0]
        self.body = body
        guard ImportedKey.of(self) != nil else {
            throw UCANError(.malformedKey, "the bytes are no acceptable \(curve.rawValue) public key", step: "F")
        }
    }

    /// Checks a point given by both coordinates, of a curve that has them; throws `malformedKey`.
    init(curve: Curve, x: Digest, y: Digest) throws(UCANError) {
        self.curve = curve
        head = 2 | UInt8(truncatingIfNeeded: y.bytes[31] & 1)
        body = x
        guard curve != .ed25519, ImportedKey.of(self, y: y) != nil else {
            throw UCANError(.malformedKey, "the key is no point of its curve", step: "F")
        }
    }

    /// Wraps bytes that a library has just produced from a private key or a signature.
    init(trusted curve: Curve, bytes: [UInt8]) throws(UCANError) {
        guard let body = Digest(bytes.suffix(32)), bytes.count == curve.publicKeyLength else {
            throw UCANError(.cryptoFailure, "the library gave a public key of a wrong length")
        }
        self.curve = curve
        head = curve == .ed25519 ? 0 : bytes[0]
        self.body = body
    }

    /// Reads the key inside a did:key; throws `unsupportedKey` for other methods and other key types.
    public init(did: DID) throws(UCANError) {
        self = try DIDKey.publicKey(in: did)
    }

    public var bytes: [UInt8] { curve == .ed25519 ? body.bytes : [head] + body.bytes }

    /// The did:key of this key.
    public var did: DID { DID(trusted: DIDKey.text(of: self)) }

    /// Tests a 64-byte raw signature over `message`; any other length is false.
    public func verify(signature: [UInt8], message: [UInt8]) -> Bool {
        signature.withUnsafeBytes { signature in
            message.withUnsafeBytes { verify(signature: signature, message: $0) }
        }
    }

    func verify(signature: UnsafeRawBufferPointer, message: UnsafeRawBufferPointer) -> Bool {
        guard signature.count == 64, let imported = ImportedKey.of(self) else { return false }
        switch imported.key {
        case .ed25519(let key): return Ed25519.verify(key: key, signature: signature, message: message)
        case .p256(let key): return P256.verify(key: key, signature: signature, message: message)
        case .secp256k1(let key):
            return Secp256k1.verify(key: key, signature: signature, digest: SHA256.hash(message))
        }
    }

    /// The y coordinate of a curve point; nil for Ed25519.
    var y: Digest? { ImportedKey.of(self)?.y }
}
