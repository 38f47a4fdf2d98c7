import Multiformats

/// Converts between did:key text and public keys (spec/ucan.md F).
enum DIDKey {
    private static let prefix = Array("did:key:z".utf8)
    /// Above the longest supported key (57 bytes); base58 decoding is quadratic, so the length is bounded first.
    private static let maximumLength = 128

    // Decoding and re-encoding base58 costs over a microsecond, and few keys sign most statements.
    private static let cache = BoundedCache<DID, PublicKey>(generation: 4096)

    static func publicKey(in did: DID) throws(UCANError) -> PublicKey {
        if let known = cache[did] { return known }
        let key = try decode(did)
        cache.insert(key, for: did)
        return key
    }

    private static func decode(_ did: DID) throws(UCANError) -> PublicKey {
        let text = did.text.utf8
        guard text.starts(with: prefix), text.count <= maximumLength,
            let decoded = Base58BTC.decode(text.dropFirst(prefix.count)),
            let curve = Curve.allCases.first(where: {
                decoded.starts(with: $0.multicodec) && decoded.count == 2 + $0.publicKeyLength
            })
        else {
            throw UCANError(.unsupportedKey, "\(UCANError.quoted(did.text)) names no supported key", step: "F")
        }
        let key: PublicKey
        do { key = try PublicKey(curve: curve, bytes: Array(decoded.dropFirst(2))) } catch {
            throw UCANError(.unsupportedKey, "\(UCANError.quoted(did.text)): \(error.message)", step: "F")
        }
        // Re-encoding catches every second spelling of the same key.
        guard self.text(of: key) == did.text else {
            throw UCANError(.unsupportedKey, "\(UCANError.quoted(did.text)) is not the key's one spelling", step: "F")
        }
        return key
    }

    static func text(of key: PublicKey) -> String {
        "did:key:z" + Base58BTC.encode(key.curve.multicodec + key.bytes)
    }

    /// Tests that a fragment is the verification method's: the identifier again.
    static func isFragment(_ fragment: String, of did: DID) -> Bool {
        fragment.utf8.elementsEqual(did.text.utf8.dropFirst("did:key:".utf8.count))
    }
}
