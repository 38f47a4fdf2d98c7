public import Multiformats

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
