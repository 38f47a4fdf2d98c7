import COpenSSL
public import Multiformats
public import UCAN

/// Commits an author to a revision of a repo without proving its contents to a third party (atproto-spaces.md 9).
///
/// The signature covers (space, author, rev, ikm) but not the set hash; only the MAC, whose key every reader can
/// derive, ties the hash to them. Each reader gets a commit of its own, with a fresh `ikm`.
public struct SignedCommit: Hashable, Sendable {
    public static let version: Int64 = 1

    /// Set-hash digest, 32 bytes.
    public let hash: [UInt8]
    /// Fresh random key material, 32 bytes. Never logged together with `mac`.
    public let ikm: [UInt8]
    /// ECDSA over the context, 64 bytes `r ‖ s`, low-S.
    public let sig: [UInt8]
    /// HMAC-SHA256 over the hash, 32 bytes.
    public let mac: [UInt8]
    /// The repo's revision, bound as bytes: its syntax is checked where revisions are accepted.
    public let rev: String

    /// Takes the parts as they stand in a message; throws `InvalidCommit` for a field of a wrong length.
    public init(hash: [UInt8], ikm: [UInt8], sig: [UInt8], mac: [UInt8], rev: String) throws(ATProtoError) {
        guard hash.count == 32, ikm.count == CommitContext.ikmByteCount, mac.count == 32 else {
            throw Self.malformed("`hash`, `ikm` and `mac` of a commit have 32 bytes each")
        }
        guard sig.count == 64 else { throw Self.malformed("the `sig` of a commit has 64 bytes, r and s") }
        self.hash = hash
        self.ikm = ikm
        self.sig = sig
        self.mac = mac
        self.rev = rev
    }

    /// Signs a commit over a set-hash digest with the author's `#atproto` key.
    ///
    /// - Parameters:
    ///   - space: The space URI in its canonical `at://` form.
    ///   - ikm: 32 bytes, unpredictable and never used before; drawn from the system unless given.
    /// - Throws: `InvalidCommit` when a field does not fit or the key cannot sign.
    public static func make(
        space: String, author: String, rev: String, hash: [UInt8], key: PrivateKey, ikm: [UInt8]? = nil
    ) throws(ATProtoError) -> SignedCommit {
        let ikm = if let ikm { ikm } else { try freshMaterial() }
        let context = try CommitContext.bytes(space: space, author: author, rev: rev, ikm: ikm)
        guard key.curve != .ed25519, let raw = try? key.sign(context), let sig = LowS.normalized(raw, curve: key.curve)
        else { throw malformed("the account's key cannot sign commits") }
        let mac = CommitContext.mac(key: CommitContext.key(ikm: ikm, context: context), hash: hash)
        return try SignedCommit(hash: hash, ikm: ikm, sig: sig, mac: mac, rev: rev)
    }

    /// Checks MAC and signature for a space and author; the caller compares `hash` with its own digest afterwards.
    ///
    /// - Parameter expectedRev: The revision the commit must name, where the reader knows it.
    /// - Throws: `CommitRevMismatch`, `CommitMacMismatch` or `CommitSignatureInvalid`.
    public func verify(
        space: String, author: String, expectedRev: String? = nil, key: PublicKey
    ) throws(ATProtoError) {
        if let expectedRev, !UTF8Bytes.equal(expectedRev, rev) {
            throw ATProtoError("CommitRevMismatch", "the commit names the revision `\(rev)`, not `\(expectedRev)`")
        }
        let context = try CommitContext.bytes(space: space, author: author, rev: rev, ikm: ikm)
        guard isMacSound(context) else {
            throw ATProtoError("CommitMacMismatch", "the MAC of the commit does not fit its hash, space and author")
        }
        guard isSignatureSound(context, key: key) else {
            throw ATProtoError("CommitSignatureInvalid", "the commit is not signed by the author's key")
        }
    }

    func isMacSound(_ context: [UInt8]) -> Bool {
        let expected = CommitContext.mac(key: CommitContext.key(ikm: ikm, context: context), hash: hash)
        return HMACSHA256.isEqual(expected, mac)
    }

    func isSignatureSound(_ context: [UInt8], key: PublicKey) -> Bool {
        key.curve != .ed25519 && LowS.isLow(sig, curve: key.curve) && key.verify(signature: sig, message: context)
    }

    private static func freshMaterial() throws(ATProtoError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: CommitContext.ikmByteCount)
        guard RAND_priv_bytes(&bytes, Int32(bytes.count)) == 1 else { throw malformed("there are no random bytes") }
        return bytes
    }

    static func malformed(_ message: String) -> ATProtoError { ATProtoError("InvalidCommit", message) }
}

/// The two wire forms: a DAG-CBOR map with keys `ikm, mac, rev, sig, ver, hash`, and JSON with `$bytes` members.
extension SignedCommit {
    public var cbor: CBOR {
        .map([
            "ver": .int(Self.version), "hash": .bytes(hash), "ikm": .bytes(ikm), "sig": .bytes(sig),
            "mac": .bytes(mac), "rev": .text(rev),
        ])
    }

    /// The canonical DAG-CBOR encoding.
    public var encoded: [UInt8] { cbor.encoded() }

    /// The CID of the encoding.
    public var cid: CID { CID.ofDagCBOR(encoded) }

    /// The `com.atproto.space.defs#signedCommit` object.
    public var json: JSON {
        [
            "ver": .number(JSONNumber(Self.version)), "hash": RecordData.json(.bytes(hash)),
            "ikm": RecordData.json(.bytes(ikm)), "sig": RecordData.json(.bytes(sig)),
            "mac": RecordData.json(.bytes(mac)), "rev": .string(rev),
        ]
    }

    /// Reads the canonical DAG-CBOR form.
    ///
    /// - Throws: `InvalidCommit` for any other value, `CommitVersionUnknown` for a `ver` other than 1.
    public init(encoded bytes: [UInt8]) throws(ATProtoError) {
        guard let value = try? CBOR.decode(bytes, limits: CBORLimits(maxBytes: 4096, maxDepth: 2, maxItems: 16)),
            let map = value.map
        else { throw Self.malformed("the commit is not a map in canonical DAG-CBOR") }
        try self.init(map, exactly: true)
    }

    /// Reads the JSON form; further members are ignored, as answers only grow.
    ///
    /// - Throws: as `init(encoded:)`.
    public init(json: JSON) throws(ATProtoError) {
        guard case .map(let map)? = try? RecordData.decode(json) else {
            throw Self.malformed("the commit is not a JSON object of the data model")
        }
        try self.init(map, exactly: false)
    }

    private init(_ map: CBORMap, exactly: Bool) throws(ATProtoError) {
        guard let version = map["ver"]?.int64 else { throw Self.malformed("the commit has no `ver`") }
        guard version == Self.version else {
            throw ATProtoError("CommitVersionUnknown", "the commit has version \(version)")
        }
        guard let hash = map["hash"]?.bytes, let ikm = map["ikm"]?.bytes, let sig = map["sig"]?.bytes,
            let mac = map["mac"]?.bytes, let rev = map["rev"]?.text, !exactly || map.count == 6
        else { throw Self.malformed("the commit is not `{ver, hash, ikm, sig, mac, rev}`") }
        try self.init(hash: hash, ikm: ikm, sig: sig, mac: mac, rev: rev)
    }
}

/// Computes what a commit signs and how its key is derived (atproto-spaces.md 9).
enum CommitContext {
    static let tag = "atproto-space-v1"
    static let ikmByteCount = 32

    /// Gives `tag ‖ u16be(len) ‖ space ‖ … author ‖ … rev ‖ … ikm`; throws `InvalidCommit` for a field too long.
    static func bytes(space: String, author: String, rev: String, ikm: [UInt8]) throws(ATProtoError) -> [UInt8] {
        var bytes = Array(tag.utf8)
        for field in [Array(space.utf8), Array(author.utf8), Array(rev.utf8), ikm] {
            guard let count = UInt16(exactly: field.count) else {
                throw ATProtoError("InvalidCommit", "a field of the commit is longer than 65535 bytes")
            }
            bytes.append(UInt8(count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: count))
            bytes.append(contentsOf: field)
        }
        return bytes
    }

    /// Gives HKDF-Expand-SHA256(PRK = ikm, info = ctx, 32 bytes): one block, no Extract step.
    static func key(ikm: [UInt8], context: [UInt8]) -> [UInt8] { HMACSHA256.code(of: context + [1], key: ikm) }

    static func mac(key: [UInt8], hash: [UInt8]) -> [UInt8] { HMACSHA256.code(of: hash, key: key) }
}
