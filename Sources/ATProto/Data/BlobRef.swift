public import Multiformats

/// Refers from a record to a blob: `{"$type": "blob", ref, mimeType, size}`.
public struct BlobRef: Hashable, Sendable {
    /// Raw codec, sha2-256.
    public let cid: CID
    public let mimeType: String
    /// Bytes of the blob as the record claims it.
    public let size: Int64

    public init(cid: CID, mimeType: String, size: Int64) {
        self.cid = cid
        self.mimeType = mimeType
        self.size = size
    }

    public var cbor: CBOR {
        .map([
            "$type": .text("blob"), "ref": .link(cid), "mimeType": .text(mimeType), "size": .int(size),
        ])
    }

    /// Reads a map whose `$type` is `blob`; throws `InvalidRequest` when a member is missing or of another kind.
    init(_ map: CBORMap) throws(ATProtoError) {
        guard let link = map["ref"]?.link, let cid = try? CID(bytes: link), cid.codec == CID.rawCodec,
            cid.hash.code == .sha2_256
        else { throw ATProtoError("InvalidRequest", "the `ref` of a blob is not a link to raw bytes") }
        guard let mimeType = map["mimeType"]?.text, !mimeType.isEmpty else {
            throw ATProtoError("InvalidRequest", "the `mimeType` of a blob is not text")
        }
        guard let size = map["size"]?.int64, size >= 0 else {
            throw ATProtoError("InvalidRequest", "the `size` of a blob is not a count of bytes")
        }
        self.init(cid: cid, mimeType: mimeType, size: size)
    }
}
