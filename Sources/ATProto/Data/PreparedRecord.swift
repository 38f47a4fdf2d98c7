public import Multiformats

/// Holds a record ready to be stored: its DAG-CBOR, its CID and the blobs it refers to.
public struct PreparedRecord: Sendable, Hashable {
    /// Bytes of one record's DAG-CBOR (atproto-spaces.md 7).
    public static let maxBytes = 1_000_000

    public let value: CBOR
    public let bytes: [UInt8]
    public let cid: CID
    public let blobs: [BlobRef]

    /// Takes the JSON of a record of `collection`; a missing `$type` is filled in.
    ///
    /// - Throws: `InvalidRequest` when it is no object of the data model or its `$type` is another;
    ///   `PayloadTooLarge` beyond `maxBytes`.
    public init(json: JSON, collection: String) throws(ATProtoError) {
        guard json.object != nil, case .map(var map) = try RecordData.decode(json) else {
            throw RecordData.refusal("a record is a JSON object")
        }
        if map["$type"] == nil { map["$type"] = .text(collection) }
        try self.init(map: map, collection: collection)
    }

    /// Takes the DAG-CBOR of a record of `collection`, in its canonical form only.
    ///
    /// - Throws: as `init(json:collection:)`; here `$type` must be there.
    public init(bytes: [UInt8], collection: String) throws(ATProtoError) {
        guard bytes.count <= Self.maxBytes else { throw Self.tooLarge }
        guard case .map(let map)? = try? CBOR.decode(bytes) else {
            throw RecordData.refusal("the record is not a map in canonical DAG-CBOR")
        }
        try RecordData.check(.map(map))
        try self.init(map: map, collection: collection)
    }

    private init(map: CBORMap, collection: String) throws(ATProtoError) {
        guard let type = map["$type"]?.text, UTF8Bytes.equal(type, collection) else {
            throw RecordData.refusal("the record's `$type` is not its collection `\(collection)`")
        }
        value = .map(map)
        bytes = value.encoded()
        guard bytes.count <= Self.maxBytes else { throw Self.tooLarge }
        cid = CID.ofDagCBOR(bytes)
        blobs = RecordData.blobs(in: value)
    }

    private static var tooLarge: ATProtoError {
        ATProtoError("PayloadTooLarge", "the record is longer than \(maxBytes) bytes")
    }
}
