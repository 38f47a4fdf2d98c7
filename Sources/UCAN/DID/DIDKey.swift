import Multiformats

/// Converts between did:key text and public keys (spec/ucan.md F).
enum DIDKey {
    static let methodPrefix = Array("did:key:".utf8)
    private static let prefix = Array("did:key:z".utf8)
    /// Above the longest key of a type below (98 bytes); base58 decoding is quadratic, so the length is bounded first.
    private static let maximumLength = 160

    /// Key types of the did:key method that nothing here can verify with, by their multicodec and the bytes after it. A
    /// principal may be named by such a key; RSA keys, which have no one length, are not among them.
    private static let foreign: [(multicodec: [UInt8], length: Int)] = [
        ([0xEC, 0x01], 32),  // X25519
        ([0xEA, 0x01], 48),  // BLS12-381 G1
        ([0xEB, 0x01], 96),  // BLS12-381 G2
        ([0x81, 0x24], 49),  // P-384
        ([0x82, 0x24], 67),  // P-521
        ([0x83, 0x24], 57),  // Ed448
        ([0x84, 0x24], 56),  // X448
    ]

    // Decoding and re-encoding base58 costs over a microsecond, and few keys sign most statements.
    private static let cache = BoundedCache<DID, PublicKey>(generation: 4096)

    static func publicKey(in did: DID) throws(UCANError) -> PublicKey {
        if let known = cache[did] { return known }
        guard did.text.utf8.starts(with: methodPrefix) else { throw unsupported(did) }
        let key: PublicKey?
        do throws(UCANError) { key = try decode(did) } catch {
            throw UCANError(.unsupportedKey, error.message, step: "F")
        }
        guard let key else { throw unsupported(did) }
        cache.insert(key, for: did)
        return key
    }

    /// Throws `malformedDID` unless the text is the one spelling of a key.
    static func check(_ did: DID) throws(UCANError) {
        guard cache[did] == nil, let key = try decode(did) else { return }
        cache.insert(key, for: did)
    }

    /// Nil for a key of a type that nothing here verifies with; throws `malformedDID` for what is the spelling of no key.
    private static func decode(_ did: DID) throws(UCANError) -> PublicKey? {
        let text = did.text.utf8
        guard text.starts(with: prefix) else { throw malformed(did, "is not in base58btc, which begins with `z`") }
        guard text.count <= maximumLength else { throw malformed(did, "is longer than any key that is taken") }
        guard let decoded = Base58BTC.decode(text.dropFirst(prefix.count)) else {
            throw malformed(did, "holds a letter that base58btc does not have")
        }
        // Re-encoding catches every second spelling of the same key.
        guard "did:key:z" + Base58BTC.encode(decoded) == did.text else {
            throw malformed(did, "is not the key's one spelling")
        }
        guard let curve = Curve.allCases.first(where: { decoded.starts(with: $0.multicodec) }) else {
            guard let type = foreign.first(where: { decoded.starts(with: $0.multicodec) }) else {
                throw malformed(did, "is of no known key type")
            }
            try requireLength(decoded.count - type.multicodec.count, type.length, of: did)
            return nil
        }
        try requireLength(decoded.count - curve.multicodec.count, curve.publicKeyLength, of: did)
        do { return try PublicKey(curve: curve, bytes: Array(decoded.dropFirst(2))) } catch {
            throw malformed(did, "is no key: \(error.message)")
        }
    }

    private static func requireLength(_ count: Int, _ wanted: Int, of did: DID) throws(UCANError) {
        guard count == wanted else {
            throw malformed(did, "holds \(count) bytes where a key of its type has \(wanted)")
        }
    }

    private static func unsupported(_ did: DID) -> UCANError {
        UCANError(.unsupportedKey, "\(UCANError.quoted(did.text)) names no supported key", step: "F")
    }

    private static func malformed(_ did: DID, _ why: String) -> UCANError {
        UCANError(.malformedDID, "\(UCANError.quoted(did.text)) \(why)", step: "F")
    }

    static func text(of key: PublicKey) -> String {
        "did:key:z" + Base58BTC.encode(key.curve.multicodec + key.bytes)
    }

    /// Tests that a fragment is the verification method's: the identifier again.
    static func isFragment(_ fragment: String, of did: DID) -> Bool {
        fragment.utf8.elementsEqual(did.text.utf8.dropFirst("did:key:".utf8.count))
    }
}
