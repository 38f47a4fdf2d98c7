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

/// Holds the 20 bytes of an Ethereum account and prints them with the EIP-55 checksum.
public struct EthereumAddress: Hashable, Sendable, CustomStringConvertible {
    public let bytes: [UInt8]
    /// `0x` and 40 hex digits in EIP-55 casing.
    public let description: String

    /// Reads `0x` and 40 hex digits, of one case or cased by EIP-55; throws `malformedDID`.
    public init(anyCase text: some Collection<UInt8>) throws(UCANError) {
        guard text.count == 42, text.starts(with: "0x".utf8) else {
            throw UCANError(.malformedDID, "an account is `0x` and 40 hex digits, not \(UCANError.quoted(text))")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20)
        var high: UInt8?
        for digit in text.dropFirst(2) {
            let value: UInt8
            switch digit {
            case 0x30...0x39: value = digit - 0x30
            case 0x41...0x46: value = digit - 0x41 + 10
            case 0x61...0x66: value = digit - 0x61 + 10
            default:
                throw UCANError(.malformedDID, "an account is `0x` and 40 hex digits, not \(UCANError.quoted(text))")
            }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        self.init(bytes: bytes)
        let letters = text.dropFirst(2).filter { $0 >= 0x41 }
        let isMixed = letters.contains { $0 < 0x60 } && letters.contains { $0 > 0x60 }
        guard !isMixed || description.utf8.elementsEqual(text) else {
            throw UCANError(
                .malformedDID, "the EIP-55 checksum of the account \(UCANError.quoted(text)) is wrong", step: "1.2")
        }
    }

    /// Takes the last 20 bytes of the Keccak-256 of a public key.
    public init(of key: PublicKey) throws(UCANError) {
        guard key.curve == .secp256k1, let point = Secp256k1.parse(key.bytes) else {
            throw UCANError(.unsupportedKey, "only a secp256k1 key has an Ethereum account")
        }
        self.init(uncompressed: Secp256k1.serialize(point, compressed: false))
    }

    /// Takes `04 || x || y`.
    init(uncompressed point: [UInt8]) {
        self.init(bytes: Array(Keccak256.hash(Array(point.dropFirst())).bytes.suffix(20)))
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
        description = EthereumAddress.checksummed(bytes)
    }

    /// The account on one chain.
    public func did(chain: UInt64) -> DID { DID(trusted: "did:pkh:eip155:\(chain):\(description)") }

    public static func == (left: EthereumAddress, right: EthereumAddress) -> Bool { left.bytes == right.bytes }
    public func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    /// EIP-55: a letter is upper-case when its nibble of the Keccak-256 of the lower-case text is 8 or more.
    private static func checksummed(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(42)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        let hash = Keccak256.hash(text).bytes
        for index in text.indices where text[index] >= 0x61 {
            let nibble = index.isMultiple(of: 2) ? hash[index / 2] >> 4 : hash[index / 2] & 15
            if nibble >= 8 { text[index] -= 0x20 }
        }
        return String(decoding: [0x30, 0x78] + text, as: UTF8.self)
    }
}
