public import Multiformats
import UCAN

extension CID {
    /// Characters of a record's or blob's CID: `b` and 58 of base32.
    public static let atprotoTextByteCount = 59

    /// Names a DAG-CBOR value by its encoding: codec 0x71, sha2-256, `bafyrei…` (atproto-spaces.md 7).
    public static func ofDagCBOR(_ bytes: [UInt8]) -> CID {
        CID(codec: dagCBORCodec, hash: Multihash(code: .sha2_256, digest: SHA256.hash(bytes)))
    }

    /// Names a blob by its bytes: codec 0x55, sha2-256, `bafkrei…`.
    public static func ofBlob(_ bytes: [UInt8]) -> CID {
        CID(codec: rawCodec, hash: Multihash(code: .sha2_256, digest: SHA256.hash(bytes)))
    }

    /// Reads the one text form the AT Protocol allows: version 1, base32, DAG-CBOR or raw codec, sha2-256.
    ///
    /// - Throws: `InvalidRequest`.
    public init(atproto text: String) throws(ATProtoError) {
        guard text.utf8.count == Self.atprotoTextByteCount, text.utf8.first == UInt8(ascii: "b"),
            let cid = try? CID(text: text.utf8), cid.isATProto
        else { throw ATProtoError("InvalidRequest", "the text is not a CIDv1 of DAG-CBOR or raw bytes in base32") }
        self = cid
    }

    /// Whether records may link to it: DAG-CBOR or raw codec, sha2-256.
    public var isATProto: Bool {
        (codec == Self.dagCBORCodec || codec == Self.rawCodec) && hash.code == .sha2_256
    }
}
